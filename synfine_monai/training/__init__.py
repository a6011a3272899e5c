"""What a trainer is fed: batches, pretext tasks, shares of several processes, and the fit of a rock to a scan."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
