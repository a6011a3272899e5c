"""Dice, IoU, accuracy and porosity over labelled voxels in the core."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
