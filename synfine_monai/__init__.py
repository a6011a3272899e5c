"""Segment micro-CT scans of rock with almost no hand labels: synthetic pre-training and surgical fine-tuning."""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
