"""What to label next, and how far a porosity can be trusted: windows drawn at random, audits and their intervals."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
