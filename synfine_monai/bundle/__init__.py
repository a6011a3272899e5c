"""Verbs chained into a pipeline, options checked, errors told in one line."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
