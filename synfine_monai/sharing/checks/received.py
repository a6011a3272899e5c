"""A bundle that somebody sent, as the checks see it: a private copy of its files, which nobody can change any more."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Received:
    """A copy of a bundle's files, made by ``unpack``.

    Attributes:
        folder: where the copy lies; it bears the bundle's name.
        files: relative POSIX paths of what was copied, in order.
        packed: whether it claims to be a packed bundle; a folder without a manifest is one of a source tree.
    """

    folder: Path
    files: tuple[str, ...]
    packed: bool

    def read(self, name: str) -> bytes:
        """Bytes of one file, whose size was judged when it was copied."""
        return (self.folder / name).read_bytes()

    def having(self, *suffixes: str) -> list[str]:
        """Files whose names end in one of ``suffixes``."""
        return [name for name in self.files if name.endswith(suffixes)]
