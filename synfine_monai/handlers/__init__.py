"""Ignite handlers: sensitivity, progress, figures, outputs."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
