"""Classes as people name them."""

import pytest

from synfine_monai.errors import ScanError
from synfine_monai.labelling.label_classes import read_label_classes

INFO = {"labels": ["solid", "void"], "phases": [["matrix"], ["pore", "water"]]}


def test_without_classes_they_are_those_of_the_model():
    classes = read_label_classes(None, INFO)
    assert (classes.names, classes.phases) == (("solid", "void"), (("matrix",), ("pore", "water")))
    assert classes.pore_labels == (1,)


def test_names_are_phases_usual_words_or_say_their_phase():
    classes = read_label_classes(["quartz", "pore", "gas=pore", "fluid=pore+water", "ore = dense"], INFO)
    assert classes.names == ("quartz", "pore", "gas", "fluid", "ore")
    assert classes.phases == (("matrix",), ("pore",), ("pore",), ("pore", "water"), ("dense",))
    assert classes.pore_labels == (1, 2, 3)
    assert read_label_classes("matrix,pore", INFO).names == ("matrix", "pore")
    assert read_label_classes({"a": "clay", "b": "dense"}, INFO).phases == (("clay",), ("dense",))


@pytest.mark.parametrize(
    ("given", "words"),
    [(["pore"], "2 to 32"), (["pore", "pore"], "different"), (["pore", ""], "different"), (["pore", "blob"], "'blob'"),
     (["pore", "gas=air"], "'gas'"), (["x=pore+blob", "pore"], "'x'")],
)  # fmt: skip
def test_what_is_no_class_is_refused(given, words):
    with pytest.raises(ScanError, match=words):
        read_label_classes(given, INFO)
