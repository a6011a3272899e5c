"""What the verb ``label`` needs before its session is open."""

from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from synfine_monai.data import make_sample_core
from synfine_monai.scans import open_scan, optional_library, stem_of

__all__ = ["require_app", "scan_to_label", "session_folder", "share_bar"]

RESULTS = Path("results")
PATIENCE_S = 1.0


def require_app() -> None:
    """Refuse to begin without the libraries of the page's server and of the working copy.

    Raises:
        ScanError: saying what to install.
    """
    for library in ("starlette", "uvicorn", "zarr"):
        optional_library(library, "synfine label", "app")


def scan_to_label(scan: str | None) -> str:
    """The scan that was given; the sample core where there is none, made if it is absent."""
    if scan is not None:
        return scan
    folder = RESULTS / "sample"
    if not (folder / "dataset.json").is_file():
        make_sample_core(folder, progress=True)
    print(f"No scan is given: this is the sample core, {folder / 'sample.tif'}.", flush=True)
    return str(folder / "sample.tif")


def session_folder(scan: str, output_dir: str | None) -> Path:
    """The folder that was given, or one named after the scan."""
    return RESULTS / f"label_{stem_of(open_scan(scan).info)}" if output_dir is None else Path(output_dir)


def share_bar(title: str) -> Callable[[float], None]:
    """A progress bar for a share from 0 to 1; it appears when the work takes more than a second."""
    bar = tqdm(total=100, desc=title, unit="%", delay=PATIENCE_S, bar_format="{l_bar}{bar}| {remaining}")

    def show(share: float) -> None:
        bar.update(round(100 * share) - bar.n)
        if share >= 1:
            bar.close()

    return show
