"""From Python, for notebooks: the verbs on numpy arrays or files, with the same results."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synfine_monai.bundle.plain_errors import find_scan_error
from synfine_monai.bundle.verb_options import options_of, refuse_unknown
from synfine_monai.bundle.verbs import find_verb
from synfine_monai.errors import ScanError
from synfine_monai.notices import forget_notices, tell_notices
from synfine_monai.scans import create_scan, new_scan_info, open_scan

__all__ = ["Model", "learn", "make_rock", "porosity", "segment"]

VoxelSize = float | Sequence[float] | None


@dataclass(frozen=True)
class Model:
    """What ``learn`` gives: a trained model, and how it was judged.

    Attributes:
        folder: results of the run, as ``synfine learn`` leaves them; a temporary one lives as long as this object.
        metrics: content of ``metrics.json``: Dice, IoU, porosity and its error of every method.
    """

    folder: Path
    metrics: dict[str, Any]
    _kept: TemporaryDirectory | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        """The weights, ``model.pt``; ``model.json`` lies beside it."""
        return self.folder / "model.pt"

    def save(self, folder: str | Path) -> Path:
        """Copy all results to ``folder``, which must not exist yet."""
        return Path(shutil.copytree(self.folder, folder))


def segment(
    volume: ArrayLike | str | Path,
    model: str | Path | Model = "shipped",
    voxel_size_um: VoxelSize = None,
    fov: ArrayLike | str | Path | None = None,
    **options: Any,
) -> np.ndarray:
    """Segment a scan, as ``synfine segment`` does.

    Args:
        volume: grey levels (D, H, W), z first, or (H, W), of any real type; or the path of a scan.
        model: "shipped", a ``model.pt`` or results folder, or what ``learn`` gave.
        voxel_size_um: (z, y, x) in µm, or one number; None leaves it unknown, or as the file says.
        fov: mask of the core, 0 outside, of the scan's shape; None finds it.
        **options: others of the verb, ``device="cpu"`` say.

    Returns:
        Classes of the model, uint8 of the volume's shape, 255 outside the core.

    Raises:
        ScanError: in one sentence, for whatever the verb refuses.

    Example:
        >>> from synfine_monai import make_rock, segment
        >>> image, _ = make_rock("sandstone", seed=0, size=(4, 64, 64))
        >>> labels = segment(image, device="cpu", engine="eager")  # doctest: +ELLIPSIS
        Porosity of scan.tif: ...
        >>> labels.shape
        (4, 64, 64)
    """
    with TemporaryDirectory(prefix="synfine_") as temporary:
        scan = _as_file(volume, Path(temporary) / "scan.tif", voxel_size_um)
        mask = None if fov is None else _as_file(fov, Path(temporary) / "fov.tif", None)
        checkpoint = model.path if isinstance(model, Model) else model
        output = Path(temporary) / "out"
        _run("segment", scan=scan, checkpoint=checkpoint, fov=mask, voxel_size_um=voxel_size_um, output_dir=output,
             **options)  # fmt: skip
        (written,) = (path for path in output.iterdir() if "_labels" in path.name)
        with open_scan(written) as labels:
            found = labels.read()
    return found if isinstance(volume, str | Path) else found.reshape(np.shape(volume))


def learn(
    volume: ArrayLike | str | Path,
    labels: ArrayLike | str | Path,
    voxel_size_um: VoxelSize = None,
    output_dir: str | Path | None = None,
    **options: Any,
) -> Model:
    """Learn to segment a scan from a few labels, as ``synfine learn`` does.

    Args:
        volume: grey levels (D, H, W), z first, or the path of a scan.
        labels: classes of the same shape, or the path of label files; ``unlabelled_value=0`` names the value where
            nothing is labelled, ``"none"`` says that there is none, and without it the data are asked.
        voxel_size_um: as in ``segment``.
        output_dir: folder of the run, which an interrupted call goes on with; None for a temporary one.
        **options: others of the verb, ``epochs=5`` or ``tune="auto"`` say.

    Raises:
        ScanError: in one sentence, for whatever the verb refuses.
    """
    kept = TemporaryDirectory(prefix="synfine_") if output_dir is None else None
    folder = Path(kept.name if output_dir is None else output_dir)
    with TemporaryDirectory(prefix="synfine_") as temporary:
        scan = _as_file(volume, Path(temporary) / "scan.tif", voxel_size_um)
        drawn = _as_file(labels, Path(temporary) / "labels.tif", voxel_size_um)
        _run("learn", scan=scan, labels=drawn, voxel_size_um=voxel_size_um, output_dir=folder,
             **{"segment": False, **options})  # fmt: skip
    return Model(folder, json.loads((folder / "metrics.json").read_text(encoding="utf-8")), kept)


def porosity(
    labels: ArrayLike | str | Path, pore_labels: Sequence[int], voxel_size_um: VoxelSize = None, **options: Any
) -> dict[str, Any]:
    """Total, connected and isolated porosity of a segmented volume, as ``synfine porosity`` measures them.

    Args:
        labels: classes (D, H, W), 255 outside the core (``outside_value`` names another value); or the path of labels.
        pore_labels: classes that are pore space.
        voxel_size_um: as in ``segment``; only lengths need it.
        **options: others of the verb, ``connectivity=26`` say.

    Returns:
        What the verb writes as JSON: shares of the core's voxels.

    Raises:
        ScanError: in one sentence, for whatever the verb refuses.

    Example:
        >>> import numpy as np
        >>> from synfine_monai import porosity
        >>> tube = np.zeros((4, 8, 8), np.uint8)
        >>> tube[:, 2:4, 2:4] = 1
        >>> measured = porosity(tube, [1])  # doctest: +ELLIPSIS
        Porosity of labels.tif: ...
        >>> measured["porosity"]
        0.0625
    """
    with TemporaryDirectory(prefix="synfine_") as temporary:
        file = _as_file(labels, Path(temporary) / "labels.tif", voxel_size_um)
        _run("porosity", labels=file, pore_labels=list(pore_labels), voxel_size_um=voxel_size_um,
             output_dir=temporary, **options)  # fmt: skip
        (written,) = Path(temporary).glob("*_connected_porosity.json")
        return json.loads(written.read_text(encoding="utf-8"))


def make_rock(
    preset: str | Path = "sandstone", seed: int = 0, size: Sequence[int] = (16, 64, 64)
) -> tuple[np.ndarray, np.ndarray]:
    """A procedural rock as a scanner shows it, and its phases.

    Args:
        preset: name of a shipped preset ("sandstone", "carbonate", "concrete"), or a YAML file.
        seed: the same seed gives the same rock.
        size: (D, H, W) or (H, W) in voxels.

    Returns:
        Image, float32, and phases, uint8 indices of ``synfine_monai.conventions.PHASES``, both of this size.

    Raises:
        ScanError: if there is no such preset, or the size is too small.

    Example:
        >>> from synfine_monai import make_rock
        >>> image, phases = make_rock("carbonate", seed=3, size=(32, 32))
        >>> image.shape, phases.dtype
        ((32, 32), dtype('uint8'))
    """
    from synfine_monai.conventions import CLASS_OF_PHASE
    from synfine_monai.transforms.generate import RandRock

    sample = RandRock(preset, CLASS_OF_PHASE, size).set_random_state(seed)()
    return sample["image"][0].numpy(), sample["label"][0].numpy()


def _as_file(volume: ArrayLike | str | Path, path: Path, voxel_size_um: VoxelSize) -> Path:
    """A path as it is; an array as a TIFF in a temporary folder."""
    if isinstance(volume, str | Path):
        return Path(volume).expanduser().absolute()
    array = np.asarray(volume)
    if array.ndim not in (2, 3) or array.dtype.kind not in "buif":
        raise ScanError(f"a volume is (D, H, W) or (H, W) grey levels, got shape {array.shape} of {array.dtype}.")
    array = array.reshape((-1, *array.shape[-2:]))
    array = array.astype({"b": np.uint8, "f": np.float32}.get(array.dtype.kind, array.dtype), copy=False)
    depth, height, width = array.shape
    with create_scan(
        path, new_scan_info(path, (depth, height, width), array.dtype, voxel_size_um), array.dtype
    ) as sink:
        sink.write(array)
    return path


def _run(verb: str, **options: Any) -> None:
    from synfine_monai.bundle import run_verb

    file = find_verb(verb)
    known = options_of([file])
    for name in options:
        if name not in known:
            refuse_unknown(name, known, f"{verb}()")
    with _as_it_was():
        try:
            run_verb(file, **{name: value for name, value in options.items() if value is not None})
            tell_notices()
        except Exception as error:
            found = find_scan_error(error)
            if found is None:
                raise
            raise found from None


@contextmanager
def _as_it_was() -> Iterator[None]:
    """What a verb sets for a whole process, which a notebook's is not: its last word on errors."""
    hook = sys.excepthook
    try:
        yield
    finally:
        forget_notices()
        sys.excepthook = hook
