"""Plain drawing functions and the phases' colours."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
