"""File libraries without their noise: a damaged file is told by one ScanError and not by a page of log lines."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet_libraries"]

LOGGERS = ("tifffile", "nibabel.global", "nibabel")


class _Catch(logging.Filter):
    """Keeps what is logged at level ERROR and lets nothing through."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            self.errors.append(record.getMessage())
        return False


@contextmanager
def quiet_libraries() -> Iterator[list[str]]:
    """Silence tifffile, nibabel and SimpleITK for a while; yields the list in which their logged errors gather."""
    catch = _Catch()
    itk = getattr(sys.modules.get("SimpleITK"), "ProcessObject", None)  # what nobody imported makes no noise
    shows_itk_warnings = itk is not None and itk.GetGlobalWarningDisplay()
    if itk is not None:
        itk.SetGlobalWarningDisplay(False)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(catch)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield catch.errors
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(catch)
        if itk is not None:
            itk.SetGlobalWarningDisplay(shows_itk_warnings)
