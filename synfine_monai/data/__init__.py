"""Scans in and out, field of view, datalists, patches, the sample core."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
