"""Which part of a network responds to a domain shift, and how to tune that part alone."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
