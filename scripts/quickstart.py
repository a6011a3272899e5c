"""Learn to segment a core scan from a few labelled patches, from nothing but Python: SynFine on the sample core.

    python scripts/quickstart.py                                            the sample core, made on the spot
    python scripts/quickstart.py --label_budget 8 --seed 1                  options of the verb `synfine` are handed on
    python scripts/quickstart.py --scan core.tif --labels labels.tif --unlabelled_value 0         a scan of your own
    python scripts/quickstart.py --datalist ../shared/data/berea/dataset.json                     a task of your own

It makes the environment if there is none, trains on synthetic pairs, fine-tunes the part of the network that responds
most to the labelled patches, evaluates, segments the scan, and says where the results are. An interrupted run is
continued by the same command.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from environment import ROOT, SetUpError, add_environment_options, environment_python, minutes_since

CONFIGS = ROOT / "bundles" / "rock_ct_segmentation" / "configs"
OPTIONS_OF_EVERY_VERB = ("device", "fov", "voxel_size_um")


PRINT_TABLE = """
import sys
from synfine_monai.report.metrics_file import read_metrics
from synfine_monai.report.table import results_table
print(results_table(read_metrics(sys.argv[1])))
"""


class CommandFailedError(RuntimeError):
    """A command of the quickstart ended with an error, which it has told itself."""


def main() -> int:
    """Set up, run and report; returns the exit code."""
    parser = _parser()
    options, synfine_options = parser.parse_known_args()
    began = time.monotonic()
    try:
        python = environment_python(options.venv, options.here)
        output_dir, task, scan = _task(python, options)
        given = {name: getattr(options, name) for name in OPTIONS_OF_EVERY_VERB}
        common = [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]
        _verb(python, "synfine", [*task, "--output_dir", str(output_dir), *common, *synfine_options])
        if scan is not None:
            checkpoint = ["--checkpoint", str(output_dir / "model.pt")]
            _verb(python, "inference", ["--scan", str(scan), *checkpoint, "--output_dir", str(output_dir), *common])
        _report(python, output_dir)
    except (SetUpError, CommandFailedError) as error:
        print(f"\nquickstart: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nquickstart: stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    print(f"\nDone in {minutes_since(began)}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        epilog="All other options are those of the verb `synfine`: see `synfine learn --help` in the environment.",
    )
    add_environment_options(parser)
    parser.add_argument("--scan", type=Path, help="scan of your own, with --labels LABELS")
    parser.add_argument("--datalist", type=Path, help="dataset.json of your own task")
    parser.add_argument("--output_dir", type=Path, help="folder of the results (default: results/NAME)")
    for name in OPTIONS_OF_EVERY_VERB:
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
    return parser


def _task(python: Path, options: argparse.Namespace) -> tuple[Path, list[str], Path | None]:
    """Folder of the results, the task as options of the verb `synfine`, and the scan to segment at the end, if any."""
    if options.datalist is not None:
        folder = options.output_dir or ROOT / "results" / options.datalist.absolute().parent.name
        return folder.absolute(), ["--datalist", str(options.datalist.absolute())], None
    if options.scan is not None:
        folder = options.output_dir or ROOT / "results" / options.scan.name.split(".")[0]
        return folder.absolute(), ["--scan", str(options.scan.absolute())], options.scan.absolute()
    folder = (options.output_dir or ROOT / "results" / "quickstart").absolute()
    sample = folder / "sample"
    if not (sample / "dataset.json").is_file():
        _run("making the sample core", [python, "-m", "synfine_monai.data.sample_core", "--output_dir", sample])
    return folder, ["--datalist", str(sample / "dataset.json")], sample / "sample.tif"


def _verb(python: Path, verb: str, arguments: list[str]) -> None:
    command = ["-m", "monai.bundle", "run", "--config_file", str(CONFIGS / f"{verb}.yaml"), *arguments]
    print("\n$ " + " ".join(["python", *command]), flush=True)
    _run(f"`{verb}`", [python, *command])


def _run(what: str, command: list[str | Path]) -> None:
    # UTF-8 on every console; spinning OpenMP threads slow down whatever else runs on a small machine
    environment = {"PYTHONUTF8": "1", "OMP_WAIT_POLICY": "passive", **os.environ}
    code = subprocess.run([str(part) for part in command], env=environment, check=False).returncode
    if code:
        raise CommandFailedError(
            f"{what} ended with code {code}, for the reason above. Once it is put right, "
            "the same command goes on with what is done already."
        )


def _report(python: Path, output_dir: Path) -> None:
    """The scores of every method, and where everything lies."""
    if (metrics := output_dir / "metrics.json").is_file():
        print(flush=True)
        _run("the table of scores", [python, "-c", PRINT_TABLE, metrics])
    places = {"scores": metrics, "pictures": output_dir / "figures", "labels": output_dir / "predictions"}
    places["model"] = output_dir / "model.pt"
    print("\n" + "\n".join(f"{name:<9} {place}" for name, place in places.items() if place.exists()))


if __name__ == "__main__":
    sys.exit(main())
