"""Records that are each well formed and tell two stories, cards that hide something, weights that are no network."""

import torch
from attack_tools import changed, edit, file, replaced, state
from honest_bundle import CARD, tiny_network

from synfine_monai.sharing.packed_bundle import METADATA, MODEL_CARD, MODEL_INFO, MODEL_WEIGHTS, PROVENANCE

IMAGE, PRED = "network_data_format__inputs__image__", "network_data_format__outputs__pred__"


def two_pixels(weights: dict) -> None:
    """A view of numbers that lie elsewhere in the file."""
    weights["head.bias"] = torch.zeros(8)[::4]


STORIES = {
    "pores swapped": (changed(MODEL_INFO, pore_labels=[0]), "pore_labels .* do not agree with its phases"),
    "no pores": (changed(MODEL_INFO, pore_labels=[]), "pore_labels .* do not agree"),
    "phases swapped": (changed(MODEL_INFO, phases=[["pore"], ["matrix"]]), "do not agree with its phases"),
    "another voxel size": (changed(MODEL_INFO, voxel_size_um=[50.0, 50.0, 50.0]), "README.md: says .*Voxel size"),
    "voxels of a lightyear": (changed(MODEL_INFO, voxel_size_um=[1e22, 1, 1]), "greater than the maximum of 10000"),
    "another normalisation": (changed(MODEL_INFO, normalisation="median_mad"), "README.md: says .*Grey levels"),
    "labels in Cyrillic": (changed(MODEL_INFO, labels=["solid", "роre"]), "does not match"),
    "pred_classes": (changed(METADATA, pred_classes="0 pore, 1 solid"), "its pred_classes are"),
    "input of two channels": (changed(METADATA, **{f"{IMAGE}num_channels": 2}), "input or output is of another form"),
    "expression as a size": (changed(METADATA, **{f"{IMAGE}spatial_shape": ["__import__('os')", "4*n"]}), "is not one"),
    "another output": (changed(METADATA, **{f"{PRED}format": "magnitude"}), "of another form"),
    "no such field": (changed(MODEL_INFO, threshold=0.2), "'threshold' was unexpected"),
    "truth as a number": (changed(MODEL_INFO, architecture__num_classes=2.0), "is not of type 'integer'"),
    "histogram of nothing": (changed(MODEL_INFO, histogram=[0.1, 0.1], bin_edges=[0, 1, 2]), "no list of shares"),
    "histogram backwards": (changed(MODEL_INFO, histogram=[0.5, 0.5], bin_edges=[2, 1, 0]), "no list of shares"),
    "infinity by exponent": (replaced(PROVENANCE, '"0.1.0"', "1e999"), "no finite number"),
    "huge number": (replaced(PROVENANCE, '"0.1.0"', "9" * 5000), "not the JSON"),
    "card of other classes": (replaced(MODEL_CARD, "| 1 | pore |", "| 1 | clay |"), "says .*1 . clay"),
    "card with two tables": (file(MODEL_CARD, CARD + "| 1 | clay | clay | no |\n"), "says .*1 . clay"),
    "card without classes": (file(MODEL_CARD, "# Nothing\n"), "lacks the line"),
    "tag without an end": (file(MODEL_CARD, CARD + "<b onclick=x"), "HTML"),
    "comment": (file(MODEL_CARD, CARD + "<!-- hidden -->"), "HTML"),
    "card that takes quadratic time": (file(MODEL_CARD, "[\n" * 400_000), "lacks the line"),
    "letters that take quadratic time": (file(MODEL_CARD, "![" * 400_000), "not written as"),
    "list that takes quadratic time": (
        changed(MODEL_INFO, labels=[{"a": n} for n in range(30_000)]), "more than 5,000"),
    "filler letters": (file(MODEL_CARD, CARD + "a\u3164b"), r"U\+3164"),
    "variance below zero": (
        state(lambda w: [w[n].fill_(-1) for n in w if n.endswith("running_var")] and None), "is negative"),
    "a view": (state(two_pixels), "is a view of other numbers"),
    "hidden numbers": (state(lambda w: w.update({"head.bias": torch.zeros(100_000)[:2]})), "or hides some"),
    "shared numbers": (state(lambda w: w.update({"head.bias": torch.zeros(1).expand(2)})), "is a view"),
    "doubles": (state(lambda w: w.update({"head.bias": torch.zeros(2, dtype=torch.float64)})), "holds torch.float64"),
    "newer pickle": (
        lambda folder: torch.save(tiny_network().state_dict(), folder / MODEL_WEIGHTS, pickle_protocol=4),
        "STACK_GLOBAL"),
    "infinity": (state(lambda w: w.update({"head.bias": torch.full((2,), torch.inf)})), "NaN or infinity"),
}  # fmt: skip

HARMLESS = {
    "half precision": state(lambda w: {n: v.half() if v.is_floating_point() else v for n, v in w.items()}),
    "less than": lambda folder: edit(folder, MODEL_CARD, "Pores with", "d<5 µm, a < b > c, 5 <6, x <-> y, with"),
    "accents": lambda folder: edit(folder, MODEL_CARD, "Pores with", "Grès à grain fin, κ ≈ 0.1, 5 × 5, pores with"),
    "link by https": lambda folder: edit(folder, MODEL_CARD, "Pores with", "[A](https://a.org/b?c=d#e), pores with"),
    "settings": changed(MODEL_INFO, settings={"pairs": 3, "rock": "sandstone", "learned": {"clean": 0.5}}),
    "no voxel size in µm": changed(METADATA, intended_use="5 µm < d: none"),
    "micro-porous clay": changed(MODEL_INFO, phases=[["matrix"], ["pore", "clay"]]),
}  # fmt: skip
"""Changes to an honest bundle that are nobody's harm; the last one needs its card to follow."""
