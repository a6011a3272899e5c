"""Attacks by the other files of a packed bundle, each with the words by which it must be refused."""

import os
import pickle
import zipfile

import numpy as np
import torch
from attack_tools import (
    TOUCH,
    Payload,
    bad_volume,
    changed,
    file,
    huge_header,
    longer,
    png,
    replaced,
    rewritten_weights,
    state,
)
from honest_bundle import tiny_network

from synfine_monai.sharing.packed_bundle import (
    EXPECTED_LABELS,
    LOGGING,
    METADATA,
    MODEL_CARD,
    MODEL_INFO,
    MODEL_WEIGHTS,
    PROVENANCE,
    TEST_INPUT,
)

RECORDS = {
    "expression in metadata": (changed(METADATA, description=f"${TOUCH}"), "would be evaluated by MONAI"),
    "macro in metadata": (changed(METADATA, authors="%/etc/passwd"), "would be evaluated by MONAI"),
    "target in metadata": (changed(METADATA, mine={"_target_": "os.system"}), "'_target_' has a meaning of its own"),
    "edited classes": (changed(METADATA, network_data_format__outputs__pred__channel_def={"0": "pore", "1": "solid"}),
                       r"2 channels \(pore, solid\), but model.json 2"),
    "wrong class count": (changed(MODEL_INFO, labels=["solid", "pore", "clay"]), "3 classes .* but its network has 2"),
    "another network": (changed(MODEL_INFO, architecture={"_target_": "os.system", "command": "x"}), "'os.system'"),
    "import by network": (
        changed(MODEL_INFO, architecture={"_target_": "synfine_monai.networks.model_file.optional_import",
        "module": "os"}),
        "optional_import' does not match"),
    "huge network": (changed(MODEL_INFO, architecture__channels=[10**9, 1, 1]), "greater than the maximum of 1024"),
    "odd normalisation": (changed(MODEL_INFO, normalisation={"a": 1}), "is not one of .'zscore'"),
    "odd phases": (changed(MODEL_INFO, phases=[1, 2]), "phases.0: 1 is not of type 'array'"),
    "newer model": (changed(MODEL_INFO, format_version=99), "format_version: 1 was expected"),
    "key twice": (replaced(MODEL_INFO, '"binary"', '"labels": [], "binary"'), "'labels' is there twice"),
    "NaN in JSON": (replaced(PROVENANCE, '"0.1.0"', "NaN"), "holds NaN"),
    "deep JSON": (file(PROVENANCE, "[" * 100_000 + "]" * 100_000), "too deeply|more than 12 deep"),
    "no changelog": (changed(METADATA, version="9.9.9"), "says nothing of version 9.9.9"),
    "hidden letters": (changed(PROVENANCE, note="a\u202eb"), "invisible characters"),
}  # fmt: skip

FOREIGN = "logging.conf: not what this project released; the bundle contains programs of its own"
LOGS = {
    "args": (replaced(LOGGING, "args=(sys.stdout,)", f"args=({TOUCH},)"), FOREIGN),
    "class": (replaced(LOGGING, "class=StreamHandler", "class=FileHandler"), FOREIGN),
    "formatter": (
        replaced(LOGGING, "[formatter_fullFormatter]", "[formatter_fullFormatter]\nclass=os.system"),
        FOREIGN,
    ),
    "default": (replaced(LOGGING, "[loggers]", f"[DEFAULT]\nargs=({TOUCH},)\n\n[loggers]"), FOREIGN),
    "interpolation": (replaced(LOGGING, "keys=root", "keys=%(x)s"), FOREIGN),
}

CARDS = {
    "HTML": (file(MODEL_CARD, "<img src=x onerror=alert(1)>"), "HTML"),
    "script": (file(MODEL_CARD, "a <script>alert(1)</script>"), "HTML"),
    "javascript": (file(MODEL_CARD, "[x](javascript:alert(1))"), "by 'javascript:'"),
    "hidden javascript": (file(MODEL_CARD, "[x](java&#115;cript&#58;alert(1))"), "by 'javascript:'"),
    "data": (file(MODEL_CARD, "[x](data:text/html;base64,AAAA)"), "by 'data:'"),
    "plain http": (file(MODEL_CARD, "[x](http://example.org)"), "by 'http:'"),
    "other scheme": (file(MODEL_CARD, "[x](vscode://open?x)"), "only https"),
    "remote picture": (file(MODEL_CARD, "![x](https://example.org/x.png)"), "a picture from another computer"),
    "picture in a link": (
        file(MODEL_CARD, "[![x](https://example.org/x.png)](https://a.org)"),
        "from another computer",
    ),
    "picture by reference": (file(MODEL_CARD, "![x][1]"), "not written as"),
    "link out of it": (file(MODEL_CARD, "[x](../../../etc/passwd)"), "leads out of the bundle"),
    "other computer": (file(MODEL_CARD, "[x](//example.org/x)"), "link to another computer"),
    "right to left": (file(MODEL_CARD, "a\u202eb"), r"U\+202E"),
    "no text": (file(MODEL_CARD, b"\xff\xfe\x00"), "no text in UTF-8"),
}

WEIGHTS = {
    "pickle payload": (state(lambda weights: weights.update(evil=Payload())), "would import '(posix|nt).system'"),
    "legacy pickle": (file(MODEL_WEIGHTS, pickle.dumps({"a": Payload()}, protocol=2)), "old format of torch"),
    "whole network": (lambda folder: torch.save(tiny_network(), folder / MODEL_WEIGHTS), "would import '"),
    "NaN": (state(lambda w: w.update({"head.bias": torch.full((2,), torch.nan)})), "NaN or infinity"),
    "swapped weights": (lambda folder: torch.save(torch.nn.Conv2d(1, 2, 1).state_dict(), folder / MODEL_WEIGHTS),
        "lacks"),
    "other shape": (state(lambda w: w.update({"head.bias": torch.zeros(5)})), "'head.bias' is 5, but 2"),
    "one more tensor": (state(lambda w: w.update(extra=torch.zeros(2))), "'extra', which the network"),
    "complex numbers": (state(lambda w: w.update({"head.bias": torch.zeros(2, dtype=torch.complex64)})),
        "holds torch.complex64"),
    "whole numbers": (state(lambda w: w.update({"head.bias": torch.zeros(2, dtype=torch.int64)})), "holds torch.int64"),
    "huge header": (rewritten_weights(huge_header), "is a view of other numbers"),
    "compressed": (rewritten_weights(lambda _, content: content, zipfile.ZIP_DEFLATED),
        "compressed, which torch never"),
    "cut file": (lambda folder: os.truncate(folder / MODEL_WEIGHTS, 4000), "cut short"),
    "TorchScript": (lambda folder: torch.jit.script(torch.nn.Conv2d(1, 2, 1)).save(folder / MODEL_WEIGHTS),
        "a program"),
}  # fmt: skip

STRAYS = {
    "python": (file("scripts/__init__.py", f"{TOUCH}"), "holds program code"),
    "bytecode": (file("configs/x.pyc"), "holds program code"),
    "shadowed package": (file("torch.py", TOUCH), "holds program code"),
    "pickle": (file("models/baselines.pkl"), "is a pickle"),
    "notebook": (file("docs/look.ipynb"), "holds program code"),
    "page": (file("docs/index.html"), "a browser would run"),
    "archive": (file("docs/more.zip"), "an archive in the archive"),
    "inference.json": (file("configs/inference.json", "{}"), "MONAI might read"),
    "second YAML": (file("configs/train.yaml", "a: 1"), "MONAI might read"),
    "no PNG": (file("figures/a.png", "<svg/>"), "is no PNG"),
    "huge PNG": (file("figures/a.png", png(60_000, 60_000)), "60000x60000 pixels"),
    "PNG and more": (file("figures/a.png", png(1, 1, b"PK\x03\x04")), "behind its end"),
    "missing file": (lambda folder: (folder / LOGGING).unlink(), "logging.conf is missing"),
    "missing card": (lambda folder: (folder / MODEL_CARD).unlink(), "README.md is missing"),
}

CASES = {
    "no volume": (file(TEST_INPUT, b"nothing"), "no gzipped NIfTI"),
    "unzips without end": (
        lambda folder: (folder / TEST_INPUT).write_bytes(longer((folder / TEST_INPUT).read_bytes())), "another size"),
    "other shape": (bad_volume(EXPECTED_LABELS, np.zeros((2, 4, 4), np.uint8)), "its expected labels are"),
    "no labels": (bad_volume(EXPECTED_LABELS, np.zeros((4, 32, 32), np.float32)), "holds float32"),
}  # fmt: skip
