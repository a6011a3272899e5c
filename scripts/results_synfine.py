"""Make docs/results/synfine: every way to tune beside the baselines, on the real scans, over seeds.

    python scripts/results_synfine.py --data ../shared/data [--task concrete] [--work_dir runs/results_synfine]

Every run leaves a row in docs/results/synfine/runs.csv; rows that are there are not made again. About two hours on two
cores with bfloat16 for 3 pre-training x 3 patch seeds.
"""

import argparse
import csv
import json
from pathlib import Path

from synfine_monai.bundle.run_verb import run_verb

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "bundles" / "rock_ct_segmentation" / "configs"
TABLE = ROOT / "docs" / "results" / "synfine" / "runs.csv"
TASKS = {"concrete": (True, 16), "sandstone": (False, 64), "berea": (False, 16)}
WAYS = {"surgical": "auto", "last_layer": "last_layer", "all": "all"}
COLUMNS = ("task", "label_budget", "method", "seed", "patch_seed", "selected", "pore_dice", "pore_iou", "mean_dice",
           "accuracy", "porosity", "porosity_error")  # fmt: skip


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--task", choices=TASKS, action="append", help="default: all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--work_dir", type=Path, default=ROOT / "runs" / "results_synfine")
    options = parser.parse_args()
    for seed in range(options.seeds):
        for task in options.task or TASKS:
            for patch_seed in range(options.seeds):
                if (task, str(seed), str(patch_seed)) not in _done():
                    _run(options.data / task / "dataset.json", task, seed, patch_seed, options.work_dir / task)


def _run(datalist: Path, task: str, seed: int, patch_seed: int, work_dir: Path) -> None:
    binary, budget = TASKS[task]
    pretrained = str(work_dir / f"pretrained_{seed}")
    common = {"datalist": str(datalist), "binary": binary}
    run_verb(CONFIGS / "train.yaml", **common, output_dir=pretrained, seed=seed)
    tuning = {**common, "label_budget": budget, "seed": seed, "patch_seed": patch_seed}
    runs = {method: str(work_dir / f"{method}_{seed}_{patch_seed}") for method in (*WAYS, "scratch")}
    for method, tune in WAYS.items():
        run_verb(CONFIGS / "finetune.yaml", **tuning, checkpoint=pretrained, tune=tune, output_dir=runs[method],
                 baselines=method == "surgical")  # fmt: skip
    run_verb(CONFIGS / "finetune.yaml", **tuning, checkpoint="none", output_dir=runs["scratch"], baselines=False)
    compare = {"native": pretrained, **{method: runs[method] for method in ("last_layer", "all", "scratch")}}
    run_verb(CONFIGS / "evaluate.yaml", **common, checkpoint=runs["surgical"], compare=compare,
             output_dir=runs["surgical"])  # fmt: skip
    metrics = json.loads((Path(runs["surgical"]) / "metrics.json").read_text(encoding="utf-8"))
    fixed = {"task": task, "label_budget": budget, "seed": seed, "patch_seed": patch_seed}
    rows = [{**fixed, "method": method, "selected": metrics["selected"] if method == "surgical" else "",
             **{key: f"{scores[key]:.5f}" for key in COLUMNS[6:]}} for method, scores in metrics["methods"].items()]  # fmt: skip
    _append(rows)


def _append(rows: list[dict]) -> None:
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    new = not TABLE.exists()
    with TABLE.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)


def _done() -> set[tuple[str, str, str]]:
    if not TABLE.exists():
        return set()
    with TABLE.open(encoding="utf-8") as file:
        return {(row["task"], row["seed"], row["patch_seed"]) for row in csv.DictReader(file)}


if __name__ == "__main__":
    main()
