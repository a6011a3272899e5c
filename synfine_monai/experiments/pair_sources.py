"""Where the synthetic pairs of a bridge come from: chains of the generation bundle's verbs, each done once a task."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from synfine_monai.data import load_datalist
from synfine_monai.experiments.experiment import quiet, side_by_side
from synfine_monai.experiments.stage_cache import StageCache
from synfine_monai.files import atomic_file

NEEDS_SCAN = ("fit", "match", "invert")


@dataclass(frozen=True)
class PairSources:
    """Make pairs for each task, and say by which options of ``train`` they are used.

    Args:
        data: folder of the tasks, each with a ``dataset.json``.
        sources: name -> verb -> its options, in the order in which they run. {"fit": …} gives a preset; {"match": …}
            and {"generate": …} a folder of pairs; {"invert": …, "generate": …} one in the style that was found; {} is
            the procedural generator as it is.
        cache: where stages are kept; its ``configs`` are those of the generation bundle.
    """

    data: Path
    sources: Mapping[str, Mapping[str, Mapping[str, Any]]]
    cache: StageCache = field(repr=False)

    def make(self, tasks: Iterable[str], jobs: int = 1) -> None:
        """Make the pairs of all sources for these tasks; nothing is done where they are there already.

        Args:
            tasks: may repeat.
            jobs: sources made at a time.
        """
        wanted = [(source, task) for task in dict.fromkeys(tasks) for source in self.sources]
        for _ in side_by_side(self._make, wanted, jobs, "Synthetic pairs", "source") if wanted else ():
            pass

    def _make(self, wanted: tuple[str, str]) -> None:
        with quiet():
            self.options(*wanted)

    def options(self, source: str, task: str) -> dict[str, str]:
        """Options of ``train`` that use a source: a preset, a folder of pairs, or nothing."""
        stages = self.stages(source, task)
        if not stages:
            return {}
        last, folder = list(stages.items())[-1]
        return {"rock": str(folder / "rock.yaml")} if last == "fit" else {"pairs_from": str(folder)}

    def stages(self, source: str, task: str) -> dict[str, Path]:
        """Verb -> results folder of each of a source's stages."""
        done: dict[str, Path] = {}
        for verb, own in self.sources[source].items():
            done[verb] = self.cache.run(verb, self._given(verb, task, done) | dict(own))
        return done

    def keep_galleries(self, source: str, tasks: Iterable[str], folder: str | Path) -> None:
        """Keep the pictures of a source's styles as ``gallery_TASK.jpg``, which are small."""
        for task in tasks:
            keep_small(self.stages(source, task)["invert"] / "gallery.png", Path(folder) / f"gallery_{task}.jpg")

    def _given(self, verb: str, task: str, done: Mapping[str, Path]) -> dict[str, Any]:
        datalist = Path(self.data) / task / "dataset.json"
        if verb in NEEDS_SCAN:
            return {"datalist": str(datalist)}
        style = {"style": str(done["invert"])} if "invert" in done else {}
        return {"rock": load_datalist(datalist).rock, **style}


def keep_small(picture: str | Path, path: str | Path, longest: int = 1000) -> None:
    """Write ``picture`` to ``path`` as a JPEG whose longer side has at most ``longest`` pixels."""
    with Image.open(picture) as image, atomic_file(Path(path)) as temporary:
        image.thumbnail((longest, longest))
        image.convert("RGB").save(temporary, "JPEG", quality=70)
