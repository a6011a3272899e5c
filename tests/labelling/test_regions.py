"""Shares from regions at random are right as often as their error says, and places are where they are said to be."""

import numpy as np
import pytest
from painted_rock import Threshold

from synfine_monai.inferers import SliceWindowInferer
from synfine_monai.labelling import regions as module
from synfine_monai.labelling.regions import FEWEST, Regions

CUT = -0.5


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(module, "SIDE", 48)
    monkeypatch.setattr(module, "PLACE", 16)


def looked(opened, seed=0, cut=CUT, version=1, regions=None):
    regions = regions or Regions(opened.planes, 2, seed)
    while regions.look(Threshold(cut), SliceWindowInferer(), version):
        pass
    return regions


def predicted_share(opened, cut=CUT):
    return float((opened.statistics.normalise(opened.scan.read()) < cut).mean())


def test_shares_lie_within_their_error_as_often_as_they_should(rock_folder, monkeypatch):
    opened, _ = rock_folder
    monkeypatch.setattr(module, "MOST", 24)
    truth, apart = predicted_share(opened), []
    for seed in range(16):
        share, error = looked(opened, seed).shares()
        assert share.sum() == pytest.approx(1)
        apart.append((share[1] - truth) / error[1])
    assert np.mean(np.abs(apart) < 2.07) >= 0.8  # t with 23 degrees of freedom: 95 % of many; some 88 % of so few
    assert np.mean(np.abs(apart) < 2.07 / 4) < 0.7  # an error that is four times too small would be seen
    assert abs(np.mean(apart)) < 0.8


def test_nothing_is_said_from_too_few_and_another_network_is_looked_at_anew(rock_folder, monkeypatch):
    opened, _ = rock_folder
    monkeypatch.setattr(module, "MOST", FEWEST)
    regions = Regions(opened.planes, 2, 0)
    for _ in range(FEWEST - 1):
        regions.look(Threshold(), SliceWindowInferer(), 1)
    assert regions.shares() is None
    assert not regions.look(Threshold(), SliceWindowInferer(), 1)
    first = regions.shares()
    regions.look(Threshold(cut=0.5), SliceWindowInferer(), 2)
    assert regions.shares() is None
    assert len(regions.newest()) == FEWEST  # what the network before it said
    second = looked(opened, cut=0.5, version=2, regions=regions).shares()
    assert second[0][1] > first[0][1]


def test_places_are_the_least_sure_and_those_with_most_of_a_class(rock_folder, monkeypatch):
    opened, _ = rock_folder
    monkeypatch.setattr(module, "MOST", FEWEST)
    whole = [region for region in looked(opened).found if region.least_sure is not None]
    assert len(whole) >= 3  # of the others, too little lies in the core
    for region in whole:
        box = region.least_sure.box
        image = opened.planes.seen("xy", region.window.z, box).image
        chance = 1 / (1 + np.exp(-8 * (image - CUT)))
        assert region.least_sure.unsure == pytest.approx((4 * chance * (1 - chance)).mean(), abs=5e-3)
        most = region.most_of[1]
        pores = opened.planes.seen("xy", region.window.z, most.box).image < CUT
        assert most.shares[1] == pytest.approx(pores.mean())
        assert most.shares[1] >= region.least_sure.shares[1]


def test_regions_have_few_voxels_where_the_core_ends(rock_folder, monkeypatch):
    opened, _ = rock_folder
    monkeypatch.setattr(module, "MOST", 32)
    found = looked(opened).found
    assert all(region.counts.sum() <= 48**2 for region in found)
    assert any(region.counts.sum() < 48**2 for region in found)  # windows hang over the edge
