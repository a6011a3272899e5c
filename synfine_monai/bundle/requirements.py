"""What a verb cannot do without, asked for before any work is done."""

import os
from pathlib import Path
from typing import Any

import torch

from synfine_monai.errors import ScanError


def require_option(name: str, value: Any, what: str) -> Any:
    """Give back the value of an option that has no default.

    Raises:
        ScanError: if it was not given; ``what`` says what it takes.
    """
    if value is None:
        raise ScanError(f"--{name} is missing: give {what}.")
    return value


def absolute_path(path: str | None) -> str | None:
    """A path that other processes, in other working directories, understand as well; None stays None."""
    return None if path is None else os.path.abspath(path)


def require_model(model_file: Path | None) -> None:
    """Refuse ``--checkpoint none`` where there must be a model.

    Raises:
        ScanError: saying what to give.
    """
    if model_file is None:
        raise ScanError(
            "--checkpoint none means training from scratch, but this verb needs a model: "
            "give a model.pt, a results folder, or 'shipped'."
        )


def check_device(device: str | torch.device) -> None:
    """Try a device by putting one number there.

    Raises:
        ScanError: if torch does not know it, or this machine or this torch does not have it.
    """
    try:
        torch.zeros(1, device=torch.device(device))
    except Exception as error:  # each backend has its own errors
        reason = str(error).splitlines()[0][:120].rstrip(".")
        raise ScanError(
            f"device '{device}' cannot be used ({reason}): give cpu, or cuda where there is a GPU."
        ) from error
