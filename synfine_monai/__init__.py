"""Segment micro-CT scans of rock with almost no hand labels: synthetic pre-training and surgical fine-tuning."""

__version__ = "0.1.0"
