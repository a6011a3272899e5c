"""Two-point correlation of the pore space inside the core: whether pores have the right size and spacing."""

import numpy as np

from synfine_monai.errors import ScanError


def two_point_correlation(pores: np.ndarray, fov: np.ndarray, reach: int = 32) -> np.ndarray:
    r"""Probability :math:`S(r)` that two voxels at distance r along x or along y are both pore.

    Pairs count where both voxels lie inside ``fov``; pairs along x and along y, and of all slices, are pooled.
    :math:`S(0)` is the porosity; without long-range order :math:`S` falls to the porosity squared.

    Args:
        pores: ([D,] H, W) bool, True in pore space.
        fov: bool of the same shape, True inside the core and where the voxel is to be judged.
        reach: longest distance in voxels.

    Returns:
        (reach + 1,) float, 0 to 1, for r = 0 … reach; NaN at distances that no pair inside ``fov`` has.

    Raises:
        ScanError: if the shapes differ or are not 2-D or 3-D.

    Source: Torquato, Random Heterogeneous Materials, sec. 2.2.
    """
    if pores.shape != fov.shape or pores.ndim not in (2, 3):
        raise ScanError(f"Pores and field of view must be ([D,] H, W) alike, got {pores.shape} and {fov.shape}.")
    inside = fov.astype(bool)
    both, pairs = _pairs(pores.astype(bool) & inside, reach), _pairs(inside, reach)
    return np.divide(both, pairs, out=np.full(reach + 1, np.nan), where=pairs > 0)


def two_point_error(
    prediction_pores: np.ndarray, true_pores: np.ndarray, fov: np.ndarray, reach: int = 32
) -> float | None:
    r"""Structural error: mean over r of :math:`|S_\text{pred}(r) - S_\text{true}(r)|`, in percent of the true porosity.

    Distance 0 takes part, so a wrong porosity counts; the right porosity in pores of wrong size or spacing counts at
    the distances where S of the two differs.

    Args:
        prediction_pores: ([D,] H, W) bool.
        true_pores: bool of the same shape.
        fov: bool of the same shape; leave out what is not labelled.
        reach: longest distance in voxels.

    Returns:
        Percent, ≥ 0; None if there is no true pore inside ``fov``. Distances without a pair are left out.

    Raises:
        ScanError: if the shapes differ.
    """
    truth = two_point_correlation(true_pores, fov, reach)
    found = two_point_correlation(prediction_pores, fov, reach)
    return float(100 * np.nanmean(np.abs(found - truth)) / truth[0]) if truth[0] > 0 else None


def _pairs(mask: np.ndarray, reach: int) -> np.ndarray:
    """(reach + 1,) int: pairs of True voxels at each distance, along x plus along y."""
    return np.array(
        [_pairs_along_rows(mask, r) + _pairs_along_rows(mask.swapaxes(-1, -2), r) for r in range(reach + 1)]
    )


def _pairs_along_rows(mask: np.ndarray, distance: int) -> int:
    starts = max(mask.shape[-1] - distance, 0)
    return int(np.count_nonzero(mask[..., :starts] & mask[..., distance:]))
