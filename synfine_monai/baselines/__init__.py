"""Simple methods to compare with: thresholds, grey-value lookup, random forest on multi-scale features."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
