"""Checks of a bundle that somebody sent, one a file: each reads without executing, and says what it will not have."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
