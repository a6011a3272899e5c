"""Experiments of the papers as grids of runs: cached stages, one row a run, tables and figures from the rows."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
