"""Check a bundle that somebody sent, before anything of it runs."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from synfine_monai.errors import ScanError
from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.configuration import check_configuration
from synfine_monai.sharing.checks.figures import check_figures
from synfine_monai.sharing.checks.folder_entries import copy_folder
from synfine_monai.sharing.checks.logging_file import check_logging
from synfine_monai.sharing.checks.manifest import check_manifest, check_signature
from synfine_monai.sharing.checks.model_card import check_model_card
from synfine_monai.sharing.checks.received import Received
from synfine_monai.sharing.checks.records import check_records
from synfine_monai.sharing.checks.shipped_case import check_shipped_case
from synfine_monai.sharing.checks.trial_run import try_bundle
from synfine_monai.sharing.checks.weights import check_weights
from synfine_monai.sharing.checks.zip_entries import unpack

__all__ = ["Outcome", "Verdict", "check_bundle"]


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
        """The verdict for a person: a line a check, a line a finding."""
        lines = [f"{self.path}" + (f" (SHA-256 {self.fingerprint})" if self.fingerprint else "")]
        for outcome in self.outcomes:
            said = "; ".join(outcome.notes)
            lines.append(f"  {outcome.check:14} {'REFUSED' if outcome.findings else 'ok'}{f': {said}' if said else ''}")
            lines += [f"  {'':14} - {text}" for text in outcome.findings]
        count = len(self.findings)
        refused = f"REFUSED for {count} reason{'s' if count > 1 else ''}. Do not run it; ask the sender."
        lines.append(refused if count else "Nothing was found that speaks against it.")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The verdict for a program."""
        return {"path": self.path, "sha256": self.fingerprint, "accepted": self.accepted,
                "checks": [vars(outcome) for outcome in self.outcomes]}  # fmt: skip


def check_bundle(
    path: str | Path, strict: bool = False, public_key: str | Path | None = None, run: bool = True
) -> Verdict:
    """Check a bundle, packed or of a source tree.

    Its files are copied first, and only the copy is looked at and run. Nothing of it is imported, evaluated or
    unpickled before every other check has passed.

    Args:
        path: a zip, or a folder; a folder without a manifest is judged as one of a source tree.
        strict: also refuse every ``$`` expression that is more than a literal or a reference, and exported programs.
        public_key: file with the key that must have signed the manifest; None verifies a signature if there is one.
        run: at last segment the test input with the bundle, in a process of its own, and compare the labels.

    Raises:
        ScanError: if there is no such file or folder.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise ScanError(f"{path} does not exist: give the zip or the folder of a bundle.")
    with tempfile.TemporaryDirectory(prefix="synfine_check_") as temporary:
        unpacked = _guarded("files", partial(_open, path, Path(temporary)))
        bundle, outcomes = unpacked[0], [unpacked[1]]
        if bundle is not None:
            outcomes += [_guarded(name, check)[1] for name, check in _static_checks(bundle, strict, public_key)]
            if run and not any(outcome.findings for outcome in outcomes):
                outcomes.append(_try(bundle))
        return Verdict(str(path), bundle.fingerprint if bundle else None, outcomes)


def _open(path: Path, into: Path) -> tuple[Received | None, list[str], list[str]]:
    opened, findings = (copy_folder if path.is_dir() else unpack)(path, into)
    return opened, findings, [] if opened is None else [f"{len(opened.files)} files, all in their place"]


def _static_checks(bundle: Received, strict: bool, public_key: str | Path | None) -> list[tuple[str, Callable]]:
    checks = {
        "manifest": partial(check_manifest, bundle),
        "signature": partial(check_signature, bundle, public_key),
        "configuration": partial(check_configuration, bundle, strict),
        "logging": partial(check_logging, bundle),
        "records": partial(check_records, bundle),
        "model card": partial(check_model_card, bundle),
        "figures": partial(check_figures, bundle),
        "test case": partial(check_shipped_case, bundle),
        "exports": partial(_check_exports, bundle, strict),
        "weights": partial(check_weights, bundle),
    }
    return [(name, partial(_with_bundle, bundle, check)) for name, check in checks.items()]


def _with_bundle(bundle: Received, check: Callable) -> tuple[Received, list[str], list[str]]:
    return bundle, *check()


def _guarded(name: str, check: Callable) -> tuple[Received | None, Outcome]:
    """A check whose own failure is a finding: what cannot be judged is not accepted."""
    try:
        bundle, findings, notes = check()
        return bundle, Outcome(name, findings, notes)
    except Exception as error:  # whatever a hostile file makes a parser do
        return None, Outcome(name, [f"cannot be judged: {type(error).__name__}: {str(error)[:150]}"])


def _check_exports(bundle: Received, strict: bool) -> tuple[list[str], list[str]]:
    """TorchScript and ONNX files are programs; they are compared with the manifest, and not looked into."""
    there = [name for name in (packed_bundle.TORCHSCRIPT, packed_bundle.ONNX) if name in bundle.files]
    told = [
        f"{name} is a program that was not looked into: run it where you run what you do not know" for name in there
    ]
    return (told, []) if strict else ([], told)


def _try(bundle: Received) -> Outcome:
    if packed_bundle.TEST_INPUT not in bundle.files:
        return Outcome("trial run", notes=["no test input, so nothing was run"])
    return _guarded("trial run", partial(_with_bundle, bundle, partial(try_bundle, bundle)))[1]
