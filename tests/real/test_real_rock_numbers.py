"""Numbers of geometries whose answers are known, and of Berea sandstone."""

import numpy as np
import pytest
import tifffile

from synfine_monai.rock import PairCounter, effective_conductivity, measure_cube, solve_permeability, to_millidarcy
from synfine_monai.scans import open_scan

pytestmark = pytest.mark.real


def test_a_sphere_pack_has_its_porosity_surface_and_correlation(real_data):
    pack = tifffile.imread(real_data / "geometry" / "sphere_pack_200.tif")
    pore = pack == 0
    pore = pore if abs(pore.mean() - 0.5012) < 0.001 else ~pore
    counter = PairCounter(4)
    counter.add(pore, np.ones_like(pore))
    found = counter.finish()
    diameter, surface = 0.19949 * 200, 120 * np.pi * (0.19949 * 200) ** 2 / 200**3
    assert pore.mean() == pytest.approx(0.5012, abs=0.0005)
    assert found.specific_surface((1, 1, 1))[0] == pytest.approx(surface, rel=0.02)
    lag = 1  # farther, the pack's faces tell, which hold hardly any sphere
    lens = 1 - 1.5 * lag / diameter + 0.5 * (lag / diameter) ** 3  # overlap of a sphere with itself, moved
    assert 1 - 2 * (1 - 0.5012) + (1 - 0.5012) * lens == pytest.approx(found.correlation.mean(0)[lag], rel=0.01)


def test_cast_iron_conducts_as_published(real_data):
    graphite = tifffile.imread(real_data / "geometry" / "cast_iron_100.tif")
    whole = effective_conductivity(np.where(graphite == 1, 129.0, 80.4), 2)
    assert whole.conductivity == pytest.approx(85.25, rel=0.02)


def test_fibres_let_through_what_is_published_along_them_and_less_across(real_data):
    fibres = tifffile.imread(real_data / "geometry" / "fibers_10x100x100.tif") == 1
    along = solve_permeability(fibres, 0).voxels * (1.0989e-6) ** 2
    assert along == pytest.approx(2.558e-12, rel=0.1)
    assert solve_permeability(fibres, 1).voxels * (1.0989e-6) ** 2 < 0.1 * along


def test_berea_has_the_order_of_its_published_numbers(real_data):
    """At twice the published voxel size, throats are a few voxels wide, so that too much flows."""
    with open_scan(real_data / "berea" / "truth.nii.gz") as truth:
        pores = truth.read(40, 104)[:, 68:132, 68:132] == 1
    found = [measure_cube(pores, (40, 68, 68), axis, stokes=True) for axis in ("z", "y", "x")]
    assert 15 < np.mean([one.formation_factor for one in found]) < 50
    assert 600 < np.mean([to_millidarcy(one.stokes, 10.69) for one in found]) < 3600
    assert all(1.1 < one.elliptic / one.stokes < 1.25 for one in found)
