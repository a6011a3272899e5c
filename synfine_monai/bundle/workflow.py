"""Run one verb of a bundle as a MONAI workflow, in this process."""

from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

__all__ = ["run_verb"]


def run_verb(config_file: str | Path, **options: Any) -> ConfigWorkflow:
    """Initialize, run and finalize the verb ``config_file`` with ``options`` set; what ``monai.bundle.run`` does.

    Paths become text, as on a command line.

    Raises:
        ScanError: as the cause of MONAI's own error, see ``find_scan_error``.
    """
    folder = Path(config_file).resolve().parent
    workflow = ConfigWorkflow(
        config_file=str(config_file),
        meta_file=str(folder / "metadata.json"),
        logging_file=str(folder / "logging.conf"),
        workflow_type=None,
        **{name: str(value) if isinstance(value, Path) else value for name, value in options.items()},
    )
    workflow.initialize()
    workflow.run()
    workflow.finalize()
    return workflow
