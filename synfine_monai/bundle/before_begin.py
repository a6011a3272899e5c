"""What packed bundles of format 1 call instead of ``begin``."""

from collections.abc import Sequence
from pathlib import Path

from synfine_monai.bundle.running import current_workflow, keep_config, refuse_wrong_options


def check_options(config_files: Sequence[str]) -> None:
    """``begin``'s check of options, for the verb that these files of its folder make."""
    workflow = current_workflow()
    files = [Path(workflow.config_root_path) / name for name in config_files]
    refuse_wrong_options(workflow, files, files)


def save_config(verb: str, output_dir: str | Path) -> Path:
    """``begin``'s ``config.yaml``."""
    return keep_config(current_workflow(), verb, output_dir)
