"""The results folder: metrics.json, tables, provenance, the one-page report."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
