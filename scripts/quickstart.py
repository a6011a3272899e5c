"""Learn to segment a core scan from a few labelled patches, from nothing but Python: SynFine on the sample core.

    python scripts/quickstart.py                                            the sample core, made on the spot
    python scripts/quickstart.py --label_budget 8 --seed 1                  options of the verb `synfine` are handed on
    python scripts/quickstart.py --scan core.tif --labels labels.tif --unlabelled_value 0         a scan of your own
    python scripts/quickstart.py --datalist ../shared/data/berea/dataset.json                     a task of your own

It makes the environment if there is none, trains on synthetic pairs, measures which part of the network responds
most to the labelled patches, fine-tunes it on them (all of it, or that part with ``--tune auto``), evaluates, segments
the scan, and says where the results are. An interrupted run is continued by the same command.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from environment import ROOT, SetUpError, add_environment_options, environment_python, minutes_since

SYNFINE = ("-m", "synfine_monai.command_line")


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
        output_dir, task = _task(python, options)
        print(flush=True)
        _run("`learn`", [python, *SYNFINE, "learn", *task, "--output_dir", output_dir, *synfine_options])
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
    return parser


def _task(python: Path, options: argparse.Namespace) -> tuple[Path, list[str]]:
    """Folder of the results, and the task as options of the verb `synfine`."""
    if options.datalist is not None:
        name, task = options.datalist.absolute().parent.name, ["--datalist", str(options.datalist.absolute())]
    elif options.scan is not None:
        name, task = options.scan.name.split(".")[0], ["--scan", str(options.scan.absolute())]
    else:
        name, task = "quickstart", []
    output_dir = (options.output_dir or ROOT / "results" / name).absolute()
    if task:
        return output_dir, task
    sample = output_dir / "sample"
    if not (sample / "dataset.json").is_file():
        _run("making the sample core", [python, *SYNFINE, "sample", "--output_dir", sample])
    return output_dir, ["--datalist", str(sample / "dataset.json")]


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
    """The scores of every method, the porosity of each scan, and where everything lies."""
    print(flush=True)
    _run("the table of scores", [python, "-c", PRINT_TABLE, output_dir / "metrics.json"])
    print()
    for file in sorted(output_dir.glob("predictions/*_porosity.json")):
        porosity = json.loads(file.read_text(encoding="utf-8"))["porosity"]
        share = "unknown" if porosity is None else f"{porosity:.2%}"
        print(f"porosity  {share} of the whole {file.stem.removesuffix('_porosity')}")
    print(f"pictures  {output_dir / 'figures'}")
    print(f"labels    {output_dir / 'predictions'}")
    print(f"model     {output_dir / 'model.pt'}")


if __name__ == "__main__":
    sys.exit(main())
