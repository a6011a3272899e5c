"""What an evaluation leaves behind: metrics.json, the printed table, pictures, provenance."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from synfine_monai.conventions import NORMALISATION
from synfine_monai.data import LabelledSlice, Task, is_slice_folder
from synfine_monai.files import atomic_file
from synfine_monai.report.class_greys import write_class_greys
from synfine_monai.report.metrics_file import write_metrics
from synfine_monai.report.page import write_report
from synfine_monai.report.stroke_notes import STROKES, TRAINING, first_notes, without_porosity
from synfine_monai.report.table import method_words, results_table
from synfine_monai.report.versions import file_hashes, write_provenance
from synfine_monai.visualize import comparison_figure, save_segmentation_figure

TITLES = {"pore_dice": "Pore Dice", "mean_dice": "Mean Dice", "porosity_error": "Porosity error (points)"}
MOST_PICTURES = 4


class RunReport:
    """Finish an evaluation; what ``EvaluationReport`` calls at its end.

    Args:
        output_dir: the results folder.
        task: what was segmented.
        split: which items were scored.
        slices: the scored slices.
        info: ``model.json`` of the model.
    """

    def __init__(
        self, output_dir: str | Path, task: Task, split: str, slices: Sequence[LabelledSlice], info: Mapping[str, Any]
    ) -> None:
        self.output_dir, self.task, self.split = Path(output_dir), task, split
        self.slices, self.info = list(slices), dict(info)

    def __call__(self, methods: dict[str, Any], predictions: Sequence[np.ndarray]) -> None:
        figures = self.output_dir / "figures"
        figures.mkdir(parents=True, exist_ok=True)
        judged_by = self.task.judged_by if self.split == "test" else ""
        metrics = {
            "task": self.task.name,
            "split": judged_by or self.split,
            "methods": without_porosity(methods) if judged_by in (STROKES, TRAINING) else methods,
            **{key: self.info.get(key) for key in ("selected", "tune", "label_budget", "seed", "patch_seed")},
            "labelled": self.info.get("labelled"),
            "notes": first_notes(methods, judged_by, self.slices, predictions),
        }
        write_metrics(self.output_dir / "metrics.json", metrics)
        self._draw_slices(predictions, figures)
        self._draw_methods(metrics["methods"], figures / "methods.png")
        write_class_greys(self.slices, self.task, self.output_dir, self.info.get("normalisation", NORMALISATION))
        write_provenance(
            self.output_dir,
            seeds={k: self.info.get(k) for k in ("seed", "patch_seed")},
            data_hashes=file_hashes(self._files()),
        )
        write_report(self.output_dir, metrics, {k: v for k, v in self.info.items() if not isinstance(v, list | dict)})
        print("\n" + results_table(metrics))
        if self.task.held_back:
            print(f"There are no test items: the table judges by {judged_by or self.split} of what was labelled.")
        print(f"Numbers: {self.output_dir / 'metrics.json'}   Pictures: {figures}")
        print(f"Report: {self.output_dir / 'report.html'}", flush=True)

    def _files(self) -> list[Path]:
        items = (*self.task.training, *getattr(self.task, self.split))
        return sorted({p for item in items for p in (item.image, item.label) if _has_hash(p)})

    def _draw_slices(self, predictions: Sequence[np.ndarray], figures: Path) -> None:
        for i in np.unique(np.linspace(0, len(self.slices) - 1, MOST_PICTURES).astype(int)):
            s = self.slices[i]
            name = f"{Path(s.item).name.split('.')[0]}_{s.z:04d}"
            save_segmentation_figure(
                figures / f"slice_{name}.png",
                s.image,
                predictions[i],
                s.fov,
                self.task.labels,
                self.task.phases,
                label=s.label,
                pore_labels=self.task.pore_labels,
                voxel_size_um=self.task.voxel_size_um,
                title=f"{self.task.name}: {Path(s.item).name}, slice {s.z}",
            )
            plt.close("all")

    def _draw_methods(self, methods: Mapping[str, Any], path: Path) -> None:
        scores = {
            key: {name: (entry[key],) for name, entry in methods.items() if entry[key] is not None} for key in TITLES
        }
        figure = comparison_figure(scores, method_words(list(methods)), TITLES, f"{self.task.name}: {self.split} items")
        with atomic_file(path) as temporary:
            figure.savefig(temporary, dpi=120)
        plt.close(figure)


def _has_hash(path: Path | None) -> bool:
    return path is not None and (path.is_file() or is_slice_folder(path))
