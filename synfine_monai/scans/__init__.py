"""Scans in and out: every format, any size, axes z, y, x, with their voxel size."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
