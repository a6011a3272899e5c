"""Names of files in a bundle: what a path may look like, and which files belong there."""

import re
import unicodedata
from collections.abc import Sequence

from synfine_monai.sharing import packed_bundle

__all__ = ["judge_names", "judge_path", "stranger"]

CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".sh", ".bat", ".cmd", ".ps1", ".exe", ".js", ".ipynb", ".pth")
PICKLES = (".pkl", ".pickle", ".joblib", ".npy", ".npz", ".ckpt")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".whl", ".jar", ".zst")
PAGES = (".html", ".htm", ".svg", ".xhtml", ".xml")
SOURCE_TREE = re.compile(r"LICENSE|docs/README\.md|configs/[a-z][a-z_]*\.yaml|models/[a-z][a-z_]*\.(pt|json)")
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def judge_path(path: str) -> str | None:
    """Why a path cannot be a file inside of a bundle, or None."""
    parts = path.split("/")
    if "\\" in path:
        return f"the name {path!r} has a backslash, which is a folder's separator on Windows"
    if re.match(r"[A-Za-z]:", path):
        return f"the name {path!r} begins with a drive letter"
    if path.startswith("/"):
        return f"the name {path!r} is absolute"
    if ".." in parts:
        return f"the name {path!r} leads out of the bundle by '..' (path traversal)"
    if "" in parts or "." in parts:
        return f"the name {path!r} has an empty part"
    if not path.isascii() or not path.isprintable():
        return f"the name {path!a} has characters that are not plain ASCII: it may look like another name"
    if any(DEVICES.fullmatch(part) or part != part.strip(" .") or re.search(r'[:*?"<>|]', part) for part in parts):
        return f"the name {path!r} means something else on Windows"
    return None


def judge_names(paths: Sequence[str]) -> list[str]:
    """Names that are there twice, exactly or on a disk that does not tell capitals from small letters."""
    findings: list[str] = []
    exact: set[str] = set()
    folded: dict[str, str] = {}
    for path in paths:
        key = unicodedata.normalize("NFKC", path).casefold()
        if path in exact:
            findings.append(f"the name {path!r} is there twice: which of the two counts depends on the program")
        elif key in folded:
            findings.append(
                f"the names {folded[key]!r} and {path!r} differ only in capitals: one disk keeps one of them"
            )
        exact.add(path)
        folded.setdefault(key, path)
    return findings


def stranger(name: str, packed: bool) -> str | None:
    """Why a file with this relative path does not belong in a bundle, or None."""
    if packed_bundle.is_known_file(name) or (not packed and SOURCE_TREE.fullmatch(name)):
        return None
    kinds = {"holds program code": CODE, "is a pickle or may hold one, which runs code when it is read": PICKLES,
             "is an archive in the archive": ARCHIVES, "is a page that a browser would run": PAGES}  # fmt: skip
    what = next((kind for kind, endings in kinds.items() if name.lower().endswith(endings)), None)
    if what is None and name.startswith("configs/"):
        what = "is a configuration that nothing here needs, and MONAI might read"
    return f"{name} {what or 'is no file of a bundle'}: a bundle holds nothing but the files of its format"
