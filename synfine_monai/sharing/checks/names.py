"""Names of files in a bundle: one spelling each, and only files that belong there."""

import importlib.util
import re
import sys
from collections.abc import Sequence

from synfine_monai.sharing import packed_bundle

KINDS = {
    "holds program code": (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".sh", ".bat", ".cmd", ".ps1", ".exe",
                           ".js", ".ipynb", ".pth", ".ts", ".onnx"),
    "is a pickle or may hold one, which runs code when it is read": (".pkl", ".pickle", ".joblib", ".npy", ".npz",
                                                                     ".ckpt"),
    "is an archive in the archive": (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".whl", ".jar",
                                     ".zst"),
    "is a page that a browser would run": (".html", ".htm", ".svg", ".xhtml", ".xml"),
}  # fmt: skip
SOURCE_TREE = re.compile(r"LICENSE|docs/README\.md|configs/[a-z][a-z_]*\.yaml|models/[a-z][a-z_]*\.(pt|json)")
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$|clock\$)(\..*)?", re.IGNORECASE)


def judge_path(path: str) -> str | None:
    """Why a path cannot be a file inside of a bundle, or None."""
    parts = path.split("/")
    if not path.isascii() or not path.isprintable():
        return f"the name {path!a} has characters that are not plain ASCII: it may look like another name"
    if "\\" in path:
        return f"the name {path!r} has a backslash, which is a folder's separator on Windows"
    if re.match(r"[A-Za-z]:", path) or path.startswith("/"):
        return f"the name {path!r} is absolute or begins with a drive letter"
    if ".." in parts:
        return f"the name {path!r} leads out of the bundle by '..' (path traversal)"
    if "" in parts or "." in parts:
        return f"the name {path!r} has an empty part"
    if any(DEVICES.fullmatch(part) or part != part.strip(" .") or re.search(r'[:*?"<>|]', part) for part in parts):
        return f"the name {path!r} means something else on Windows"
    return None


def judge_names(paths: Sequence[str]) -> list[str]:
    """Names that are there twice, with or without a slash at their end, on any disk; files that are folders too."""
    findings: list[str] = []
    folded: dict[str, str] = {}
    for path in paths:
        key = path.rstrip("/").casefold()
        if key in folded:
            same = folded[key].rstrip("/") == path.rstrip("/")
            findings.append(
                f"the name {path!r} is there twice: which of the two counts depends on the program" if same else
                f"the names {folded[key]!r} and {path!r} differ only in capitals: one disk keeps one of them"
            )  # fmt: skip
        folded.setdefault(key, path)
    above = {key.rsplit("/", n)[0] for key in folded for n in range(1, key.count("/") + 1)}
    files = {key for key, path in folded.items() if not path.endswith("/")}
    return findings + [f"the name {folded[key]!r} is a file and a folder" for key in sorted(above & files)]


def shadows_package(name: str) -> bool:
    """Whether Python would know a folder of this name for one of its own or of the installed packages."""
    if name in sys.stdlib_module_names:
        return True
    found = importlib.util.find_spec(name) if name.isidentifier() else None
    return found is not None and found.origin is not None


def stranger(name: str, packed: bool) -> str | None:
    """Why a file with this relative path does not belong in a bundle, or None."""
    if packed_bundle.is_known_file(name) or (not packed and SOURCE_TREE.fullmatch(name)):
        return None
    what = next((kind for kind, endings in KINDS.items() if name.lower().endswith(endings)), None)
    if what is None and name.startswith("configs/"):
        what = "is a configuration that nothing here needs, and MONAI might read"
    return f"{name} {what or 'is no file of a bundle'}: a bundle holds nothing but the files of its format"
