"""What a user would try first: thresholds, grey-value lookup, random forest."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
