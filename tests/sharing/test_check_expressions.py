"""Expressions under the wider list, which knows lambdas, comprehensions and arithmetic."""

import re

import pytest

from synfine_monai.sharing.checks.allowed import load_allowed
from synfine_monai.sharing.checks.expressions import (
    expression_text,
    is_literal_or_reference,
    judge_expression,
    judge_import,
)

WIDE = load_allowed(packed=False)


@pytest.mark.parametrize(
    "text",
    [
        "lambda output: output['loss'].item()",
        "[[p.item, p.z, p.y, p.x] for p in @patches]",
        "@epochs * @steps_per_epoch + 1",
        "max(@a or @b['c'], 3) if @d is None else -(-@pairs // 32)",
        "@train#averaged.ema_model",
        "synfine_monai.data.synthetic_masks(@task.rock, 80, @seed)[::8]",
    ],
)
def test_what_our_verbs_write_is_accepted(text):
    assert judge_expression(text, WIDE) == []


REFUSED = {
    "lambda x: __import__('os').system(x)": "'__import__'",
    "lambda x=open('x'): x": "'open'",
    "lambda torch: torch.run()": "hides another name",
    "lambda len: len(1)": "hides another name",
    "[x for __local_refs in [1]]": "MONAI's own",
    "[0 for @output_dir in ['/etc']]": "set anew",
    "[0 for @a.labels in [1]]": "set anew",
    "[0 for @a['x'] in [1]]": "set anew",
    "[x.__class__ for x in @a]": r".__class__",
    "[torch.load for x in @a]": "torch.load",
    "[x() for x in @a]": "'x'",
    "@a()": "no name",
    "@a.labels()": ".labels",
    "2 ** 99": "Pow",
    "9999999999": "number above",
    "b'x'": "type bytes",
    "1e999": "number above",
    "(yield)": "Yield",
    "@a @ @b": "refers|MatMult|no Python",
    "torch": "'torch'",
    "synfine_monai.bundle": "synfine_monai.bundle",
    "synfine_monai.bundle.run_verb('x')": "run_verb",
    "os.environ.update(@a)": "os.environ.update",
    "synfine_monai.bundle.verb_options.sys.modules": "sys.modules",
    "str.format": "'str'",
    "@##a": "relative",
    "torch.device(\n'cpu')": "line ends",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text):
    found = "; ".join(judge_expression(text, WIDE))
    assert re.search(REFUSED[text], found), found


def test_a_guarded_argument_must_be_as_written():
    call = "synfine_monai.report.write_sensitivity(@sensitivity, {})"
    assert judge_expression(call.format("@output_dir"), WIDE) == []
    assert "only @output_dir may stand" in judge_expression(call.format("'/etc'"), WIDE)[0]
    assert "only @output_dir may stand" in judge_expression(call.format("@output_dir + '/../..'"), WIDE)[0]


def test_one_spelling_for_comparison():
    assert expression_text('@a#b  +   "x"') == "@a::b + 'x'"


@pytest.mark.parametrize("text", ["@a", "@a#b", "1", "[1, 'a']", "-2.5"])
def test_strict_allows_literals_and_references(text):
    assert is_literal_or_reference(text)


@pytest.mark.parametrize("text", ["@a.b", "@a + 1", "len(@a)", "(", "import torch"])
def test_strict_allows_nothing_else(text):
    assert not is_literal_or_reference(text)


def test_imports_are_compared_as_a_whole():
    assert judge_import("import torch", WIDE) is None
    assert judge_import("import torch.hub", WIDE)
    assert judge_import("import torch as os", WIDE)
