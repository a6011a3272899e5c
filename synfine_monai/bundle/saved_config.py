"""The configuration that a verb ran with, kept with its results."""

from pathlib import Path

import yaml

from synfine_monai.bundle.options import current_workflow
from synfine_monai.files import atomic_file

__all__ = ["save_config"]


def save_config(verb: str, output_dir: str | Path) -> Path:
    """Write the running configuration, options set and files merged, into ``output_dir/config.yaml`` under ``verb``.

    Verbs that share a results folder each have their section; a verb that runs again replaces its own.
    """
    path = Path(output_dir) / "config.yaml"
    sections = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    config = {key: value for key, value in current_workflow().parser.get().items() if key != "_meta_"}
    text = yaml.safe_dump({**(sections or {}), verb: config}, sort_keys=False, allow_unicode=True)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path
