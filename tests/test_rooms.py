"""Rooms import downwards, doors open, and whatever is read from outside names doors only."""

import ast
import importlib
import pydoc
import re
import types
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "synfine_monai"
PLAN = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
ORDER = re.findall(r"^\| `(\w+)` \|", PLAN, re.MULTILINE)
"""The rooms from the ground up, as the architecture page lists them: a room imports from those before it."""

FACE = ["notebook", "command_line"]
"""Above all rooms: what the package itself hands out to Python and to the terminal."""

STUBS = sorted(PACKAGE.rglob("__init__.pyi"))
NAMED = re.compile(r"\bsynfine_monai(?:\.[A-Za-z_]\w*)+(?!\w*/)")
NO_NAMES = {"py", "yaml", "pyi", "md", "ROOM"}


def stub_names(stub: Path) -> list[str]:
    nodes = ast.walk(ast.parse(stub.read_text("utf-8")))
    return [alias.asname or alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names]


def module_of(stub: Path) -> str:
    return ".".join(stub.parent.relative_to(ROOT).parts)


def imported_rooms(file: Path) -> list[str]:
    nodes = [n for n in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(n, ast.ImportFrom) and n.module]
    inside = [node.module.split(".") for node in nodes if node.module.startswith("synfine_monai.")]
    return [parts[1] for parts in inside]


def test_every_file_stands_in_a_room_and_no_import_runs_upwards():
    for file in PACKAGE.rglob("*.py"):
        room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        level = [*ORDER, *FACE].index(room)
        above = [other for other in imported_rooms(file) if [*ORDER, *FACE].index(other) > level]
        assert not above, f"{file.relative_to(ROOT)} imports from {above}, which stand above {room}"


def test_the_picture_shows_every_room():
    picture = (ROOT / "docs" / "figures" / "rooms.svg").read_text("utf-8")
    assert [room for room in ORDER if f">{room}<" not in picture] == []


@pytest.mark.parametrize("stub", STUBS, ids=module_of)
def test_every_door_opens_and_is_told_from_the_files_behind_it(stub):
    names = stub_names(stub)
    assert [name for name, count in Counter(names).items() if count > 1] == []
    module = importlib.import_module(module_of(stub))
    assert set(names) == set(module.__all__)
    for name in names:
        door = getattr(module, name)
        behind = [file for file in (stub.parent / name, stub.parent / f"{name}.py") if file.exists()]
        assert isinstance(door, types.ModuleType) or not behind, f"{module.__name__}.{name} is a file as well"


def pages() -> list[Path]:
    """What names this package from outside it: pages, verbs, presets, and the texts that a packed bundle carries."""
    folders = [ROOT / name for name in ("docs", "bundles", "configs")]
    files = [file for folder in folders for file in folder.rglob("*") if file.suffix in (".md", ".yaml", ".json")]
    return [*ROOT.glob("*.md"), *files, *PACKAGE.rglob("*.yaml"), *PACKAGE.rglob("*.md")]


def is_door(name: str) -> bool:
    """Whether a dotted name leads to a room, or through rooms and their stubs to a public name (and its attributes)."""
    place, *rest = name.split(".")
    folder = PACKAGE
    for part in rest:
        if part not in stub_names(folder / "__init__.pyi"):
            return place == "synfine_monai" and name.startswith("synfine_monai.__")
        place, folder = f"{place}.{part}", folder / part
        if not folder.is_dir():
            return pydoc.locate(name) is not None
    return True


def test_pages_and_verbs_name_doors_only():
    wrong = {}
    for page in pages():
        for name in NAMED.findall(page.read_text("utf-8")):
            if name.rsplit(".", 1)[1] not in NO_NAMES and not is_door(name):
                wrong.setdefault(name, page.relative_to(ROOT).as_posix())
    assert wrong == {}


def test_a_module_path_is_no_door():
    assert is_door("synfine_monai.scans.open_scan")
    assert is_door("synfine_monai.transforms.corrupt.Rings")
    assert not is_door("synfine_monai.scans.scan.open_scan")
    assert not is_door("synfine_monai.data.sample_core")
    assert not is_door("synfine_monai.scans.no_such_name")
