"""Labelling: strokes, a network that follows them, and what both say of a scan; no HTTP and no windows."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
