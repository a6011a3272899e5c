"""CT artefacts: the physics of one artefact a file, and one wrapper that draws their severity at random."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
