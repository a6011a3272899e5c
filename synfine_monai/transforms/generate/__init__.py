"""Procedural rock: one pattern a file, composed to a rock by a preset."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
