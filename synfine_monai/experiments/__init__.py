"""Experiments of the papers as grids of runs: cached stages, one row a run, tables and figures from the rows."""

from synfine_monai.lazy_rooms import submodules_of

__getattr__ = submodules_of(__name__)
