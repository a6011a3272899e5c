"""The manifest against the files: none missing, none more, none changed; and the signature under it."""

from pathlib import Path

from synfine_monai.errors import ScanError
from synfine_monai.sharing import packed_bundle, signature
from synfine_monai.sharing.checks.received import Received

NO_MANIFEST = "no manifest.json"


def check_manifest(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about ``manifest.json``; that a folder of a source tree has none is a note."""
    if packed_bundle.MANIFEST not in bundle.files:
        if bundle.packed:
            return [f"{NO_MANIFEST}: nothing says which files were packed, so a changed one cannot be told"], []
        return [], [f"{NO_MANIFEST}: a folder of a source tree and not a packed bundle; nothing vouches for its files"]
    try:
        manifest = packed_bundle.read_manifest(bundle.folder)
    except ScanError as error:
        return [str(error)], []
    there = set(bundle.files) - {packed_bundle.MANIFEST, packed_bundle.SIGNATURE}
    findings = [f"{name!a} is listed in the manifest but missing" for name in manifest.files if name not in there]
    findings += [f"{name} is there but not listed in the manifest" for name in sorted(there - set(manifest.files))]
    findings += [f"{name} is missing, which every packed bundle has" for name in packed_bundle.REQUIRED_FILES
                 if name not in there and name not in manifest.files]  # fmt: skip
    both = sorted(there & set(manifest.files))
    changed = [name for name in both if packed_bundle.hash_file(bundle.folder / name) != manifest.files[name]]
    findings += [f"{name} was changed: it is not the file that was packed" for name in changed]
    return findings, [] if findings else [f"format {manifest.format_version}, {len(manifest.files)} files"]


def check_signature(bundle: Received, public_key: str | Path | None) -> tuple[list[str], list[str]]:
    """Findings and notes about ``manifest.sig``: needed where a public key is given, verified where it is there."""
    if packed_bundle.SIGNATURE not in bundle.files:
        if public_key is not None:
            return ["no signature (manifest.sig), but a public key was given: the sender did not sign it"], []
        return [], ["not signed: the hashes tell damage, not who made the bundle"]
    try:
        signed_by = signature.verify_manifest(bundle.folder, public_key)
    except ScanError as error:
        return [str(error)], []
    if public_key is None:
        return [], [f"signed with key {signed_by}: ask the sender, by another way, whether that is theirs"]
    return [], [f"signed with the key that you gave, {signed_by}"]
