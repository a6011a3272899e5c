"""The project is cited as what it is."""

from pathlib import Path

import yaml

import synfine_monai

ROOT = Path(__file__).resolve().parents[1]


def test_citation_is_of_this_version_and_names_three_papers():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == synfine_monai.__version__
    assert citation["cff-version"] == "1.2.0"
    assert {*citation} >= {"message", "title", "authors", "license"}
    assert [paper["authors"][0]["family-names"] for paper in citation["references"]] == ["Mounsif", "Li", "Sauvalle"]


def test_linter_before_a_commit_is_the_one_of_the_constraints():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    ruff = next(repo for repo in hooks["repos"] if repo["repo"].endswith("ruff-pre-commit"))
    assert f"ruff=={ruff['rev'].removeprefix('v')}\n" in (ROOT / "constraints.txt").read_text(encoding="utf-8")
