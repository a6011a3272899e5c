"""Stages of a run, each a verb, kept on disk by everything that decides their result."""

import contextlib
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import synfine_monai
from synfine_monai.bundle import read_options, run_verb
from synfine_monai.data import SPLITS, load_datalist
from synfine_monai.handlers import signature_of
from synfine_monai.networks import weights_hash
from synfine_monai.report import file_hashes, write_json_atomic

DONE = "done.json"
FILES = ("checkpoint", "rock", "pairs_from", "style")
"""Options that may name files, whose content counts."""


class StageCache:
    """Run verbs once: a stage's folder is named after its verb, options, data and this package's version.

    Args:
        folder: where all stages are kept.
        configs: folder of the verbs' YAML files.
    """

    def __init__(self, folder: str | Path, configs: str | Path) -> None:
        self.folder, self.configs = Path(folder).absolute(), Path(configs).absolute()

    def run(self, verb: str, options: Mapping[str, Any]) -> Path:
        """The results folder of ``verb`` with ``options``; made now if it is not there, or was left unfinished.

        The option "merge" names a YAML of the repository that is merged over the verb. What the verb prints goes to
        ``log.txt`` in it.
        """
        stage = self.folder / f"{verb}_{signature_of(self._settings(verb, options))}"
        if not (stage / DONE).is_file():
            stage.mkdir(parents=True, exist_ok=True)
            words = io.StringIO()
            try:
                with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
                    given = {name: value for name, value in options.items() if name != "merge"}
                    merged = [self._repository / options["merge"]] if "merge" in options else []
                    run_verb([self.configs / f"{verb}.yaml", *merged], **given, output_dir=str(stage))
            finally:
                (stage / "log.txt").write_text(words.getvalue(), encoding="utf-8")
            write_json_atomic(stage / DONE, {"verb": verb, "options": dict(options)})
        return stage

    @property
    def _repository(self) -> Path:
        """``configs`` is bundles/NAME/configs in it."""
        return self.configs.parents[2]

    def _settings(self, verb: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """What decides the result; earlier stages stand by their names, which say all about them."""
        given = {name: self._told(name, value) for name, value in options.items()}
        if "merge" in options:
            given["merge"] = (self._repository / options["merge"]).read_text(encoding="utf-8")
        datalist = options.get("datalist")
        settings = {
            "verb": (self.configs / f"{verb}.yaml").read_text(encoding="utf-8"),
            "options": {**given, "datalist": None},
            "data": None if datalist is None else data_hash(str(datalist)),
            "version": synfine_monai.__version__,
        }
        shipped = self._shipped(verb, options)
        return settings if shipped is None else {**settings, "shipped": shipped}

    def _told(self, name: str, value: Any) -> Any:
        """A path in this cache without the place of the cache, other files by their content, anything else as it is."""
        path = Path(str(value))
        if path.is_relative_to(self.folder):
            return path.relative_to(self.folder).as_posix()
        known = name in FILES and path.is_absolute() and path.exists()
        return signature_of({"files": list(file_hashes([path]).values())}) if known else value

    def _shipped(self, verb: str, options: Mapping[str, Any]) -> str | None:
        """Hash of the weights that come with the bundle, where the verb starts from these."""
        declared = read_options(self.configs / f"{verb}.yaml").get("checkpoint")
        start = options.get("checkpoint", declared.default if declared else None)
        weights = self.configs.parent / "models" / "model.pt"
        return weights_hash(weights) if start == "shipped" and weights.is_file() else None


@lru_cache
def data_hash(datalist: str) -> str:
    """Hash of a ``dataset.json`` and of every file that it names."""
    task = load_datalist(datalist)
    items = [item for split in SPLITS for item in getattr(task, split)]
    files = {path for item in items for path in (item.image, item.label, item.fov) if path is not None}
    hashes = file_hashes([datalist, *sorted(files)])
    return signature_of({str(number): value for number, value in enumerate(hashes.values())})
