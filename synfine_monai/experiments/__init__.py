"""Experiments as grids of runs: cached trainings, one row a run, tables and figures from the rows."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
