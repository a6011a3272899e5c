"""Which value is a class, "not labelled" or the air around the core: known by how the labels were made."""

import numpy as np
import pytest
from labelled_rock import GREY, SCAN, TRUTH, areas, strokes, tiff

from synfine_monai.data import load_labelled_slices, load_task
from synfine_monai.data.label_roles import is_stretched
from synfine_monai.errors import ScanError
from synfine_monai.notices import gather_notices, notices

PHASES = ("matrix", "pore", "dense")


@pytest.fixture(autouse=True)
def begin():
    gather_notices()


@pytest.fixture
def task(tmp_path):
    """The task of labels on the small rock, or on another scan."""

    def load(labels, scan=SCAN, **options):
        files = tiff(tmp_path / "scan.tif", scan), tiff(tmp_path / "labels.tif", labels)
        return load_task(scan=str(files[0]), labels=str(files[1]), **options)

    return load


def phase_of(task):
    return {value: task.phases[k][0] for value, k in task.mapping.items()}


def noticed(*words):
    return any(all(word in sentence for word in words) for sentence in notices())


@pytest.mark.parametrize("dense", [127, 128])
def test_a_mask_that_was_stretched_to_8_bits_has_255_as_a_class(task, dense):
    loaded = task(np.array([0, 255, dense], np.uint8)[TRUTH])
    assert phase_of(loaded) == {0: "matrix", dense: "dense", 255: "pore"}
    training = load_labelled_slices(loaded, "training")
    np.testing.assert_array_equal(training[0].label, np.array([0, 2, 1])[TRUTH[training[0].z]])


@pytest.mark.parametrize("pore", [0, 255])
def test_a_mask_of_0_and_255_has_two_classes(task, pore):
    mask = np.where(TRUTH == 1, pore, 255 - pore).astype(np.uint8)
    assert phase_of(task(mask)) == {pore: "pore", 255 - pore: "matrix"}


def test_one_and_255_are_two_classes_beside_0_for_nothing(task):
    labels = np.array([0, 1, 255, 1], np.uint8)[areas()]
    assert phase_of(task(labels, unlabelled_value=0)) == {1: "matrix", 255: "pore"}


@pytest.mark.parametrize("draw", [areas, strokes])
@pytest.mark.parametrize("nothing", [0, 7, 255])
def test_what_was_never_drawn_is_known_by_its_whole_slices(task, draw, nothing):
    labels = np.array([nothing, 1, 2, 3], np.uint8)[draw()]
    loaded = task(labels)
    assert phase_of(loaded) == {1: "matrix", 2: "pore", 3: "dense"}
    assert nothing in loaded.ignored_values
    assert noticed("9 of 12 slices wholly", "guessed") == (nothing != 255)


def test_a_class_that_fills_whole_slices_stays_a_class(task):
    truth = TRUTH.copy()
    truth[:4] = 0
    scan = SCAN.copy()
    scan[:4] = 30_000 + np.random.default_rng(2).normal(0, 2_000, scan[:4].shape)
    assert phase_of(task(truth, scan)) == {0: "matrix", 1: "pore", 2: "dense"}


def test_a_tight_rock_is_no_unlabelled_one(task):
    truth = np.where(np.arange(88) < 4, TRUTH, 0).astype(np.uint8)
    scan = np.where(truth == 0, 30_000 + np.random.default_rng(3).normal(0, 2_000, SCAN.shape), SCAN).astype(np.uint16)
    assert phase_of(task(truth, scan)) == {0: "matrix", 1: "pore", 2: "dense"}


def test_one_value_in_a_sea_that_may_be_rock_or_nothing_is_asked_about(task):
    pores_of_some_slices = np.where(areas() == 2, 1, 0).astype(np.uint8)
    with pytest.raises(ScanError, match=r"0 covers \d+% of the core .* 9 of 12 slices wholly.*--unlabelled_value none"):
        task(pores_of_some_slices)
    assert phase_of(task(pores_of_some_slices, unlabelled_value="none")) == {0: "matrix", 1: "pore"}


def test_255_between_other_values_is_asked_about(task):
    labels = np.array([0, 255, 1], np.uint8)[TRUTH]
    with pytest.raises(ScanError, match=r"255 covers 20% of the core in labels\.tif, between 0, 1: is it a class"):
        task(labels)
    assert phase_of(task(labels, unlabelled_value="none"))[255] == "pore"
    assert 255 in task(labels, unlabelled_value=255).ignored_values


def test_a_class_that_the_user_calls_not_labelled_is_pointed_out(task):
    task(TRUTH, unlabelled_value=0)
    assert noticed("0 in labels.tif is 'not labelled' as you say", "porosity is wrong")
    gather_notices()
    task(areas(), unlabelled_value=0)
    assert not noticed("as you say")


@pytest.mark.parametrize("value", [-1, 256, 1.5, "all", True])
def test_an_unlabelled_value_is_a_label_or_none(task, value):
    with pytest.raises(ScanError, match="--unlabelled_value takes a whole number from 0 to 255, or none"):
        task(TRUTH, unlabelled_value=value)


def cored():
    """The rock as a bare cylinder in noisy air as dark as its pores; 1 air, 2 pore, 3 solid."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in TRUTH.shape[1:]), indexing="ij")
    core = np.hypot(y, x) < 0.85
    scan = np.where(core, SCAN, GREY[1] + np.random.default_rng(4).normal(0, 2_000, SCAN.shape)).astype(np.uint16)
    return core, scan, np.where(core, np.where(TRUTH == 1, 2, 3), 1).astype(np.uint8)


def fov(tmp_path, core):
    return str(tiff(tmp_path / "fov.tif", core.astype(np.uint8)[None]))


def test_air_around_the_core_is_no_class_and_no_pore(task, tmp_path):
    core, scan, labels = cored()
    loaded = task(labels, scan, fov=fov(tmp_path, core))
    assert phase_of(loaded) == {2: "pore", 3: "matrix"}
    assert 1 in loaded.ignored_values
    assert noticed("1 in labels.tif lies around the core")


@pytest.mark.parametrize("unlabelled_value", [0, None])
@pytest.mark.parametrize("slices", [(6,), (2, 6, 9)])
def test_air_on_some_slices_is_none_of_the_core_whose_rim_it_touches(task, tmp_path, slices, unlabelled_value):
    """The found core is never that of the labels to the last voxel."""
    core, scan, labels = cored()
    labels[np.isin(np.arange(len(labels)), slices, invert=True)] = 0
    found = core | np.roll(core, 1, 1)
    loaded = task(labels, scan, fov=fov(tmp_path, found), unlabelled_value=unlabelled_value)
    assert phase_of(loaded) == {2: "pore", 3: "matrix"}
    assert {0, 1} <= set(loaded.ignored_values)


def test_air_is_called_outside_among_the_phases(task, tmp_path):
    core, scan, labels = cored()
    loaded = task(labels, scan, fov=fov(tmp_path, core), phases="outside,water,dense")
    assert phase_of(loaded) == {2: "water", 3: "dense"}
    with pytest.raises(ScanError, match=r"around the core, here \[1\], it calls outside"):
        task(labels, scan, fov=fov(tmp_path, core), phases="water,dense,matrix")


def test_air_that_the_field_of_view_takes_for_core_stops_the_run(task, tmp_path):
    core, scan, labels = cored()
    with pytest.raises(ScanError, match=r"1 in labels\.tif fills the corners of slices and not their middle.*--fov"):
        task(labels, scan, fov=fov(tmp_path, np.ones_like(core)))


def test_only_labels_inside_the_core_count_for_the_guess(task, tmp_path):
    core, scan, _ = cored()
    drawn_too_far = np.where(core, TRUTH, 2).astype(np.uint8)  # as dark as pores outside
    assert phase_of(task(drawn_too_far, scan, fov=fov(tmp_path, core))) == {0: "matrix", 1: "pore", 2: "dense"}


def test_a_class_on_one_slice_only_is_learned_and_its_absence_told(task):
    labels = areas(slices=(2, 6, 9))
    labels[:9][labels[:9] == 3] = 0
    loaded = task(labels, unlabelled_value=0)
    assert [item.slices for item in loaded.training] == [(2, 9)]
    assert {2} <= set(load_labelled_slices(loaded, "training")[1].label.ravel().tolist())
    assert not notices()[1:]
    load_labelled_slices(loaded, "test")
    assert noticed("No voxel in the core is labelled dense in the test slices: it cannot be judged")


def test_the_guess_is_to_be_looked_at_in_every_verb_of_a_process(task):
    for _ in range(2):
        gather_notices()
        task(TRUTH)
        assert noticed("Classes: 0 is matrix, 1 is pore, 2 is dense (guessed from the grey levels")


@pytest.mark.parametrize(
    ("values", "is_mask"),
    [((0, 255), True), ((0, 127, 255), True), ((0, 128, 255), True), ((0, 85, 170, 255), True), ((0, 1, 255), False),
     ((1, 255), False), ((0, 1, 2), False), ((255,), False), ((), False)],
)  # fmt: skip
def test_stretched_masks_are_known_by_their_even_steps(values, is_mask):
    assert is_stretched(values) is is_mask
