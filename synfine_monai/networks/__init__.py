"""The 467k U-Net and its blocks."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
