"""The test input of a packed bundle and its expected labels: headers judged before a reader opens the files."""

import json
import zlib

import nibabel
import numpy as np

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.received import Received

MOST_VOXELS = 1_000_000
HEADER_BYTES = 352
INPUT_TYPES, LABEL_TYPES = ("uint8", "int16", "uint16", "float32"), ("uint8",)
UM_OF_UNIT = {1: 1e6, 2: 1e3, 3: 1.0}  # metre, millimetre, micrometre in NIfTI's code
DEFAULT_UM = [5.0, 5.0, 5.0]  # of the test scan, where the model does not know its voxel size


def check_shipped_case(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about ``test/``; a folder of a source tree has none."""
    findings, shapes = [], []
    for name, types in ((packed_bundle.TEST_INPUT, INPUT_TYPES), (packed_bundle.EXPECTED_LABELS, LABEL_TYPES)):
        if name in bundle.files:
            shape, steps, text = judge_nifti(bundle.read(name), types)
            shapes.append(shape)
            findings += [f"{name}: {text}"] if text else []
            if not text and steps is not None and packed_bundle.MODEL_INFO in bundle.files:
                said = json.loads(bundle.read(packed_bundle.MODEL_INFO)).get("voxel_size_um") or DEFAULT_UM
                if not np.allclose(steps[::-1], said, rtol=1e-4):
                    findings.append(f"{name}: its voxel size {steps[::-1]} µm is not that of model.json, {said}")
        elif bundle.packed:
            findings.append(f"{name} is missing: the bundle cannot be tried")
    if not findings and len(set(shapes)) > 1:
        findings.append(f"the test input is {shapes[0]}, its expected labels are {shapes[1]}")
    return findings, [f"a test scan of {'x'.join(map(str, shapes[0]))} voxels"] if shapes and not findings else []


def judge_nifti(content: bytes, types: tuple[str, ...]) -> tuple[tuple[int, ...], list[float] | None, str | None]:
    """Shape and voxel size in µm (x, y, z) that a gzipped NIfTI claims, and why it may not be opened, or None."""
    unzip = zlib.decompressobj(wbits=31)
    try:
        start = unzip.decompress(content, HEADER_BYTES)
        header = nibabel.Nifti1Header(start[:348], check=True)
        shape, kind = tuple(int(n) for n in header.get_data_shape()), np.dtype(header.get_data_dtype())
        claimed, offset = int(np.prod(shape, dtype=np.float64)), int(header["vox_offset"])
    except Exception as error:  # nibabel has many errors for damaged headers
        return (), None, f"is no gzipped NIfTI ({str(error)[:80] or type(error).__name__})"
    if len(shape) != 3 or not 0 < claimed <= MOST_VOXELS or min(shape) < 1:
        return shape, None, f"claims {shape} voxels, more than {MOST_VOXELS:,} or no volume (a bomb?)"
    if kind.name not in types or header["magic"].item() != b"n+1":
        return shape, None, f"holds {kind.name} in a form {header['magic'].item()!r} that a test case does not have"
    needed = offset + claimed * kind.itemsize
    if not HEADER_BYTES <= offset <= 100_000:
        return shape, None, f"its numbers begin at {offset:,}"
    try:
        more = unzip.decompress(unzip.unconsumed_tail, needed - len(start) + 1)
    except zlib.error as error:
        return shape, None, f"is damaged ({error})"
    if len(start) + len(more) != needed or not unzip.eof or unzip.unused_data:
        return shape, None, f"unpacks to another size than the {needed:,} bytes of its header (a bomb, or cut short)"
    if kind.kind == "f" and not np.isfinite(np.frombuffer((start + more)[offset:], kind)).all():
        return shape, None, "holds NaN or infinity"
    unit = UM_OF_UNIT.get(int(header["xyzt_units"]) & 7)
    return shape, None if unit is None else [float(z) * unit for z in header.get_zooms()], None
