"""Procedural rock: one pattern a file, composed into a rock."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
