"""Segment micro-CT scans of rock with almost no hand labels: synthetic pre-training and surgical fine-tuning."""

from synfine_monai.lazy_rooms import submodules_of

__version__ = "0.1.0"

__getattr__ = submodules_of(__name__)
