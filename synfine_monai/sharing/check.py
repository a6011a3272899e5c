"""Check a bundle that somebody sent, before anything of it is used."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.configuration import FOREIGN
from synfine_monai.sharing.checks.model_card import hidden
from synfine_monai.sharing.limited import run_limited
from synfine_monai.sharing.packed_folder import write_zip

MOST_LINES, MOST_LETTERS = 30, 240
"""Of a printed verdict: a screen."""

USED_BY_DATA = ("configuration",)
"""Checks that do not matter to who takes the data alone."""


@dataclass(frozen=True)
class Outcome:
    """What one check said: findings refuse the bundle, notes do not."""

    check: str
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """What all checks said of one file or folder; ``fingerprint`` is the SHA-256 of what was checked."""

    path: str
    fingerprint: str | None
    outcomes: list[Outcome]

    @property
    def findings(self) -> list[str]:
        """All findings, in the order of the checks."""
        return [text for outcome in self.outcomes for text in outcome.findings]

    @property
    def accepted(self) -> bool:
        """Whether there is no finding."""
        return not self.findings

    def text(self) -> str:
        """The verdict for a person: at most a screen, with nothing in it that a terminal would act on."""
        lines = [f"{self.path}" + (f" (SHA-256 {self.fingerprint})" if self.fingerprint else "")]
        for outcome in self.outcomes:
            said = "; ".join(outcome.notes)
            lines.append(f"  {outcome.check:14} {'REFUSED' if outcome.findings else 'ok'}{f': {said}' if said else ''}")
            lines += [f"  {'':14} - {text}" for text in outcome.findings]
        if len(lines) > MOST_LINES:
            lines = [*lines[: MOST_LINES - 1], f"  ... and {len(lines) - MOST_LINES + 1} lines more"]
        return "\n".join([*(_escaped(line) for line in lines), self.sentence()])

    def sentence(self) -> str:
        """The verdict in one sentence."""
        count = len(self.findings)
        if not count:
            return "Nothing was found that speaks against it."
        if count == 1 and FOREIGN in self.findings[0]:
            return f"REFUSED: it {FOREIGN}."
        return f"REFUSED for {count} reason{'s' if count > 1 else ''}. Do not run it; ask the sender."

    def as_dict(self) -> dict[str, Any]:
        """The verdict for a program."""
        return {"path": self.path, "sha256": self.fingerprint, "accepted": self.accepted,
                "checks": [vars(outcome) for outcome in self.outcomes]}  # fmt: skip


def _escaped(line: str) -> str:
    shown = "".join(c if c == " " or not (hidden(c) or c in "\t\r\n") else f"\\u{ord(c):04x}" for c in line)
    return shown if len(shown) <= MOST_LETTERS else f"{shown[:MOST_LETTERS]} ..."


def check_bundle(path: str | Path, public_key: str | Path | None = None, run: bool = True) -> Verdict:
    """Check a bundle, packed or of a source tree.

    It is copied first, and only the copy is looked at, in processes with limits. Nothing of it is imported, evaluated
    or unpickled before every other check has passed, and no configuration of it at all.

    Args:
        path: a zip, or a folder; a folder without a manifest is judged as one of a source tree.
        public_key: file with the key that must have signed the manifest; None verifies a signature if there is one.
        run: at last segment the test input with the bundle's weights, and compare the labels.

    Raises:
        ScanError: if there is no such file or folder.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise ScanError(f"{path} does not exist: give the zip or the folder of a bundle.")
    with tempfile.TemporaryDirectory(prefix="synfine_check_") as temporary:
        return _check(path, Path(temporary), public_key, run)[0]


def take_data(path: str | Path, into: Path) -> Path:
    """Check a packed bundle and move its data to ``into``; its configuration stays behind, whatever it is.

    Returns:
        Path of its ``model.pt``.

    Raises:
        ScanError: with the first thing that speaks against it.
    """
    with tempfile.TemporaryDirectory(prefix="synfine_check_") as temporary:
        verdict, folder = _check(Path(path), Path(temporary), None, run=False)
        refused = [text for o in verdict.outcomes if o.check not in USED_BY_DATA for text in o.findings]
        if refused or folder is None:
            raise ScanError(f"{path} is refused: {_escaped(refused[0])}; `synfine check {path}` tells more.")
        for name in (packed_bundle.MODEL_WEIGHTS, packed_bundle.MODEL_INFO):
            shutil.copyfile(folder / name, into / Path(name).name)
    return into / Path(packed_bundle.MODEL_WEIGHTS).name


def _check(path: Path, work: Path, public_key: str | Path | None, run: bool) -> tuple[Verdict, Path | None]:
    """The verdict, and where the bundle's files lie in ``work`` now."""
    try:
        copy, packed = _copy(path, work)
    except (ScanError, OSError, ValueError) as error:
        return Verdict(str(path), None, [Outcome("files", [str(error).rstrip(".")])]), None
    sent = copy if path.is_file() else path / packed_bundle.MANIFEST
    fingerprint = packed_bundle.hash_file(sent).sha256 if packed else None
    key = None if public_key is None else str(Path(public_key).expanduser().resolve())
    (work / "read").mkdir()
    request = {"path": str(copy), "into": str(work / "read"), "packed": packed, "public_key": key}
    answer = _step("read", "files", request, work)
    outcomes = [Outcome(*outcome) for outcome in answer["outcomes"]]
    folder = Path(answer["folder"]) if answer.get("folder") else None
    if run and folder is not None and not any(outcome.findings for outcome in outcomes):
        if packed_bundle.TEST_INPUT in answer["files"]:
            request = {"folder": str(folder), "output": str(work / "labels")}
            outcomes += [Outcome(*each) for each in _step("attempt", "trial run", request, work)["outcomes"]]
        else:
            outcomes.append(Outcome("trial run", notes=["no test input, so nothing was run"]))
    return Verdict(str(path), fingerprint, outcomes), folder


def _step(step: str, check: str, request: dict[str, Any], work: Path) -> dict[str, Any]:
    try:
        return run_limited(step, request, work)
    except ScanError as error:
        return {"outcomes": [[check, [str(error)], []]]}


def _copy(path: Path, work: Path) -> tuple[Path, bool]:
    """A private copy of what was sent, as a zip, and whether it claims to be a packed bundle.

    Raises:
        ScanError: if it is larger than a bundle may be, or holds what a zip does not.
    """
    copy = work / "sent.zip"
    if path.is_dir():
        source = path.resolve()
        top = source.name if packed_bundle.is_slug(source.name) else "bundle"
        write_zip(source, copy, top, quick=True)
        return copy, (source / packed_bundle.MANIFEST).exists()
    if not path.is_file():
        raise ScanError(f"{path} is neither a file nor a folder")
    if (size := path.stat().st_size) > packed_bundle.MOST_BYTES:
        raise ScanError(
            f"the zip has {size:,} bytes, more than the {packed_bundle.MOST_BYTES:,} that a bundle may have"
        )
    shutil.copyfile(path, copy)
    return copy, True
