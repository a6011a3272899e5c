"""One CT artefact's physics a file, and one generic random wrapper."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
