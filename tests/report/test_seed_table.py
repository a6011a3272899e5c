import csv

from synfine_monai.report.seed_table import draw_seeds, read_runs, seed_table

COLUMNS = ("task", "label_budget", "method", "seed", "patch_seed", "pore_dice", "mean_dice", "porosity_error")


def write(path):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for seed in range(3):
            writer.writerow(("core", 16, "surgical", seed, 0, 0.9 + 0.01 * seed, 0.9, 0.2))
            writer.writerow(("core", 16, "scratch", seed, 0, 0.85 + 0.01 * seed, 0.8, 0.4))
    return read_runs(path)


def test_gains_are_paired_by_seeds(tmp_path):
    text = seed_table(write(tmp_path / "runs.csv"), {"core": "pore_dice"})
    scratch = next(line for line in text.splitlines() if line.startswith("| from scratch"))
    assert scratch.startswith("| from scratch | 0.860 [")
    assert scratch.endswith("| +0.050 [+0.050, +0.050] |")
    assert "3 runs" in text


def test_what_does_not_depend_on_pretraining_is_paired_by_patches(tmp_path):
    runs = write(tmp_path / "runs.csv")
    runs.append({**runs[0], "method": "otsu", "pore_dice": "0.8"})
    otsu = next(line for line in seed_table(runs, {"core": "pore_dice"}).splitlines() if line.startswith("| Otsu"))
    assert "| +0.110 [" in otsu


def test_figure_is_written(tmp_path):
    draw_seeds(write(tmp_path / "runs.csv"), {"core": "pore_dice"}, tmp_path / "methods.png")
    assert (tmp_path / "methods.png").stat().st_size > 5000
