"""Verbs of a bundle, each as a MONAI workflow of its own: one, or one after the other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from synfine_monai.bundle.running import current_workflow
from synfine_monai.bundle.verb_options import pick_options
from synfine_monai.errors import ScanError

Stage = Mapping[str, Mapping[str, Any] | None]
"""Verb -> options set for it; one entry."""


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


class Pipeline:
    """Run the stages of a verb that consists of other verbs.

    Every stage gets those of the running configuration's options that its own YAML declares, and what ``stages`` sets
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
        self.options = {k: v for k, v in workflow.parser.get().items() if k != "_meta_"}
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
            run_verb(config_file, **{**pick_options(self.options, config_file), **own})

    def _config_file(self, verb: str) -> Path:
        bundle, _, name = verb.rpartition("/")
        file = (self.folder.parents[1] / bundle / "configs" if bundle else self.folder) / f"{name}.yaml"
        if not file.is_file():
            raise ScanError(f"the verb {verb} needs {file}, which is not there: keep the bundles beside each other.")
        return file


def _each_scan(own: Mapping[str, Any]) -> list[dict[str, Any]]:
    scans = own.get("scan")
    return [{**own, "scan": scan} for scan in scans] if isinstance(scans, list) else [dict(own)]
