"""What the site shows beyond docs/: pages of the clone's root, files that pages link, an API page for each room."""

import ast
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
FROM_ROOT = {"index.md": "README.md", "contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")


def rooms() -> list[str]:
    """Names of the rooms, from the ground up as on the architecture page, then of rooms within rooms."""
    page = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    named = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    inner = [stub.parent.relative_to(ROOT / "synfine_monai").as_posix() for stub in _stubs() if stub.parts[-3] in named]
    return [*named, *(name.replace("/", ".") for name in inner)]


def on_config(config: MkDocsConfig) -> None:
    """Put the API pages behind the other pages of the reference."""
    reference = next(entry["Reference"] for entry in config.nav if isinstance(entry, dict) and "Reference" in entry)
    reference.append({"API": [{room: f"reference/api/{room}.md"} for room in rooms()]})


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, and every file of the clone outside docs/ that a page links."""
    for name, source in FROM_ROOT.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text("utf-8")))
    for room in rooms():
        files.append(File.generated(config, f"reference/api/{room}.md", content=_api_page(room)))
    for page in [file for file in files if file.src_uri.endswith(".md")]:
        for target in LINK.findall(page.content_string):
            linked = _in_clone(page.src_uri, target)
            if linked and (ROOT / linked).is_file() and not files.get_file_from_path(f"files/{linked}.txt"):
                text = (ROOT / linked).read_bytes()
                files.append(File.generated(config, f"files/{linked}.txt", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to where the site has what they mean in the clone."""

    def moved(match: re.Match) -> str:
        linked = _in_clone(page.file.src_uri, match[1])
        if not linked:
            return match[0]
        inside = linked.removeprefix("docs/")
        known = {source: name for name, source in FROM_ROOT.items()}.get(linked)
        target = inside if inside != linked else known or f"files/{linked}.txt"
        return "](" + "../" * (len(PurePosixPath(page.file.src_uri).parts) - 1) + target

    return LINK.sub(moved, markdown)


def _in_clone(page: str, target: str) -> str | None:
    """Path from the clone's root of what a page links, None where the link stays as it is."""
    folder = ROOT if page in FROM_ROOT else (ROOT / "docs" / page).parent
    path = Path(ROOT, *_normal((folder / target).relative_to(ROOT).parts))
    linked = path.relative_to(ROOT).as_posix()
    return linked if page in FROM_ROOT or not linked.startswith("docs/") else None


def _normal(parts: tuple[str, ...]) -> list[str]:
    kept: list[str] = []
    for part in parts:
        kept = kept[:-1] if part == ".." else [*kept, part]
    return kept


def _stubs() -> list[Path]:
    return sorted((ROOT / "synfine_monai").rglob("__init__.pyi"))


def _api_page(room: str) -> str:
    place = ROOT / "synfine_monai" / room.replace(".", "/")
    stub = place / "__init__.pyi"
    if not stub.exists():
        return f"# {room}\n\n::: synfine_monai.{room}\n    options: {{show_root_heading: false}}\n"
    text = ast.get_docstring(ast.parse((place / "__init__.py").read_text("utf-8")))
    nodes = [node for node in ast.parse(stub.read_text("utf-8")).body if isinstance(node, ast.ImportFrom)]
    names = [alias.name for node in nodes if node.module for alias in node.names]
    return f"# {room}\n\n{text}\n\n" + "\n\n".join(f"::: synfine_monai.{room}.{name}" for name in sorted(names)) + "\n"
