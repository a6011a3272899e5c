"""End a failed command with one plain line."""

import os
import sys
from types import TracebackType

from synfine_monai.errors import ScanError
from synfine_monai.notices import forget_notices

DEBUG = "SYNFINE_DEBUG"
WORKER = "in DataLoader worker process"


def find_scan_error(error: BaseException | None) -> ScanError | None:
    """The ``ScanError`` at the root of a chain of exceptions, as MONAI wraps them, or None.

    One that a data loader's worker met carries the worker's traceback; only its last line, our sentence, is kept.
    """
    seen: set[int] = set()
    found = None
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        found = error if isinstance(error, ScanError) else found
        error = error.__cause__ or error.__context__
    if found is None or WORKER not in str(found):
        return found
    return ScanError(str(found).strip().rpartition(f"{ScanError.__name__}: ")[2])


def report_errors_plainly() -> None:
    """From now on an uncaught ``ScanError`` ends this process with one line; ``SYNFINE_DEBUG=1`` keeps the traceback.

    Called by a verb's ``initialize``, never by importing the package.
    """
    if sys.excepthook is not _one_line:
        _one_line.previous = sys.excepthook
        sys.excepthook = _one_line


def _one_line(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    found = find_scan_error(error)
    if found is None or os.environ.get(DEBUG):
        _one_line.previous(kind, error, traceback)
        return
    sys.stdout.flush()
    forget_notices()  # the error is the last word
    print(f"ScanError: {found}", file=sys.stderr, flush=True)


_one_line.previous = sys.__excepthook__
