"""Make docs/results/synfine: every way to tune beside the baselines, on the real scans, over seeds.

    python scripts/results_synfine.py --data ../shared/data        run what is missing, then draw
    python scripts/results_synfine.py --draw                       table and figure from runs.csv alone

Pre-training is the verb ``train`` without a datalist (all phases, three rocks), once for each seed; what does not
depend on it, from scratch and the baselines, runs once for each patch seed. Every run leaves its rows in
docs/results/synfine/runs.csv; rows that are there are not made again. 3 pre-training x 3 patch seeds take about an
hour on two cores with bfloat16.
"""

import argparse
import csv
import json
from pathlib import Path

from synfine_monai.bundle.run_verb import run_verb
from synfine_monai.report.seed_table import draw_seeds, read_runs, seed_table

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "bundles" / "rock_ct_segmentation" / "configs"
RESULTS = ROOT / "docs" / "results" / "synfine"
PAGE = RESULTS.with_suffix(".md")
START, END = "<!-- table -->", "<!-- end of table -->"
TASKS = {"concrete": (True, 16), "sandstone": (False, 64), "berea": (False, 16)}
MAIN_SCORES = {"concrete": "pore_dice", "sandstone": "mean_dice", "berea": "pore_dice"}
WAYS = {"surgical": "auto", "native": "none", "last_layer": "last_layer", "all": "all"}
SCORES = ("pore_dice", "pore_iou", "mean_dice", "accuracy", "porosity", "porosity_error")
COLUMNS = ("task", "label_budget", "method", "seed", "patch_seed", "selected", *SCORES)


def main() -> None:
    """Run what is missing, then draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--task", choices=TASKS, action="append", help="default: all")
    parser.add_argument("--seeds", type=int, default=3, help="pre-training seeds")
    parser.add_argument("--patch_seeds", type=int, default=3)
    parser.add_argument("--work_dir", type=Path, default=ROOT / "runs" / "results_synfine")
    parser.add_argument("--draw", action="store_true", help="run nothing")
    options = parser.parse_args()
    for seed in () if options.draw else range(options.seeds):
        for patch_seed in range(options.patch_seeds):
            for task in options.task or TASKS:
                if (task, str(seed), str(patch_seed)) not in _done():
                    _run(options.data / task / "dataset.json", task, seed, patch_seed, options.work_dir)
    runs = read_runs(RESULTS / "runs.csv")
    table = seed_table(runs, MAIN_SCORES)
    print(table)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    PAGE.write_text(f"{before}{START}\n\n{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    draw_seeds(runs, MAIN_SCORES, RESULTS / "methods.png")


def _run(datalist: Path, task: str, seed: int, patch_seed: int, work_dir: Path) -> None:
    binary, budget = TASKS[task]
    pretrained = str(work_dir / f"pretrained_{seed}")
    run_verb(CONFIGS / "train.yaml", output_dir=pretrained, seed=seed)
    common = {"datalist": str(datalist), "binary": binary}
    tuning = {**common, "label_budget": budget, "seed": seed, "patch_seed": patch_seed}
    ways = {method: (pretrained, tune) for method, tune in WAYS.items()}
    if seed == 0:  # neither depends on pre-training
        ways["scratch"] = ("none", "all")
    runs = {method: str(work_dir / f"{task}_{method}_{seed}_{patch_seed}") for method in ways}
    for method, (checkpoint, tune) in ways.items():
        with_baselines = seed == 0 and method == "surgical"
        run_verb(
            CONFIGS / "finetune.yaml",
            **tuning,
            checkpoint=checkpoint,
            tune=tune,
            output_dir=runs[method],
            baselines=with_baselines,
        )
    compare = {method: path for method, path in runs.items() if method != "surgical"}
    run_verb(
        CONFIGS / "evaluate.yaml", **common, checkpoint=runs["surgical"], compare=compare, output_dir=runs["surgical"]
    )
    metrics = json.loads((Path(runs["surgical"]) / "metrics.json").read_text(encoding="utf-8"))
    fixed = {"task": task, "label_budget": budget, "seed": seed, "patch_seed": patch_seed}
    _append(
        [
            {
                **fixed,
                "method": method,
                "selected": metrics["selected"] if method == "surgical" else "",
                **{key: f"{scores[key]:.5f}" for key in SCORES},
            }
            for method, scores in metrics["methods"].items()
        ]
    )


def _append(rows: list[dict]) -> None:
    path = RESULTS / "runs.csv"
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)


def _done() -> set[tuple[str, str, str]]:
    path = RESULTS / "runs.csv"
    return {(row["task"], row["seed"], row["patch_seed"]) for row in read_runs(path)} if path.exists() else set()


if __name__ == "__main__":
    main()
