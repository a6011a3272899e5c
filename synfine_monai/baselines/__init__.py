"""What a user would try first: thresholds, grey-value lookup, random forest."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
