"""Verbs of a bundle, each as a MONAI workflow of its own: one, or one after the other."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from synfine_monai.bundle.option_values import with_values
from synfine_monai.bundle.running import current_workflow
from synfine_monai.bundle.verb_options import options_of, read_options
from synfine_monai.errors import ScanError

Stage = Mapping[str, Mapping[str, Any] | None]
"""Verb -> options set for it; one entry."""


def run_verb(config_file: str | Path | Sequence[str | Path], **options: Any) -> ConfigWorkflow:
    """Initialize, run and finalize the verb ``config_file`` with ``options`` set; what ``monai.bundle.run`` does.

    Of several files the first is the verb, and the others are merged over it.

    Paths are taken as they are, whatever characters they hold (see ``option_values``). The caller's logging is as it
    was afterwards.

    Raises:
        ScanError: as the cause of MONAI's own error, see ``find_scan_error``.
    """
    files = [config_file] if isinstance(config_file, str | Path) else list(config_file)
    folder = Path(files[0]).resolve().parent
    texts = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
    with _logging_kept():
        workflow = ConfigWorkflow(
            config_file=[str(file) for file in files],
            meta_file=str(folder / "metadata.json"),
            logging_file=str(folder / "logging.conf"),
            workflow_type=None,
            **with_values(texts, options_of(files)),
        )
        workflow.initialize()
        workflow.run()
        workflow.finalize()
    return workflow


@contextmanager
def _logging_kept() -> Iterator[None]:
    """Nothing of the caller's logging is closed, and root logs to the same places as before when the verb has ended.

    A bundle's ``logging.conf`` is made for a process of its own: to read it closes every handler there is, and absl's,
    which comes with OpenVINO, closes what was ``sys.stderr`` when it was imported; root's handler then writes to what
    ``sys.stdout`` is now, be it redirected for this verb alone.
    """
    root, known = logging.getLogger(), logging._handlerList  # type: ignore[attr-defined]  # what fileConfig closes
    handlers, level, of_caller = root.handlers[:], root.level, known[:]
    known.clear()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        known[:0] = of_caller


class Pipeline:
    """Run the stages of a verb that consists of other verbs.

    Every stage gets those of the running configuration's options that its own YAML declares (paths by their values,
    others as they are written), and what ``stages`` sets
    for it. The finished stages of an interrupted run see to it themselves that they are quick the second time.

    Args:
        stages: verb -> options set for it beyond the common ones, in the order in which they run; a list of scans
            makes one stage for each. "BUNDLE/VERB" is a verb of a bundle that lies beside this one.
        instead: verb of a stage -> stage that takes its place.

    Raises:
        ScanError: if there is no such verb.
    """

    def __init__(self, stages: Sequence[Stage], instead: Mapping[str, Stage] | None = None) -> None:
        workflow = current_workflow()
        self.folder = Path(workflow.config_root_path).resolve()
        self.parser = workflow.parser
        self.stages = [
            (self._config_file(verb), each)
            for stage in stages
            for verb, own in (instead or {}).get(next(iter(stage)), stage).items()
            for each in _each_scan(own or {})
        ]

    def run(self) -> None:
        """Run all stages."""
        for number, (config_file, own) in enumerate(self.stages, 1):
            print(f"\n[{number}/{len(self.stages)}] {config_file.stem}", flush=True)
            run_verb(config_file, **{**self._common_options(config_file), **own})

    def _common_options(self, stage: Path) -> dict[str, Any]:
        given = self.parser.get()
        return {
            name: self.parser.get_parsed_content(name) if option.kind.is_path else given[name]
            for name, option in read_options(stage).items()
            if name in given
        }

    def _config_file(self, verb: str) -> Path:
        bundle, _, name = verb.rpartition("/")
        file = (self.folder.parents[1] / bundle / "configs" if bundle else self.folder) / f"{name}.yaml"
        if not file.is_file():
            raise ScanError(f"the verb {verb} needs {file}, which is not there: keep the bundles beside each other.")
        return file


def _each_scan(own: Mapping[str, Any]) -> list[dict[str, Any]]:
    scans = own.get("scan")
    return [{**own, "scan": scan} for scan in scans] if isinstance(scans, list) else [dict(own)]
