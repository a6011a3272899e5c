"""``synfine check | keys | sign``: check a bundle that somebody sent, and sign one that you send."""

import argparse
import json
import sys
from pathlib import Path

from synfine_monai.errors import ScanError
from synfine_monai.files import atomic_file
from synfine_monai.sharing.check import check_bundle, take_data
from synfine_monai.sharing.signature import make_keys, sign_bundle


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit status: 0 accepted, 1 refused or not done."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "check":
            return _check(given)
        if given.command == "take":
            print(take_data(given.file, given.folder))
        elif given.command == "keys":
            private, public = make_keys(given.file)
            print(f"{private} is yours alone; give {public} to your partners, by another way than the bundle.")
        else:
            print(f"signed with key {sign_bundle(given.file, given.private_key)}")
    except ScanError as error:
        print(f"ScanError: {error}", file=sys.stderr)
        return 1
    return 0


def _check(given: argparse.Namespace) -> int:
    verdict = check_bundle(given.file, given.public_key, given.run)
    print(verdict.text())
    if given.json is not None:
        with atomic_file(given.json) as temporary:
            temporary.write_text(json.dumps(verdict.as_dict(), indent=1), encoding="utf-8")
    return 0 if verdict.accepted else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="synfine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="read a bundle, then try its weights on its own test input")
    check.add_argument("file", type=Path, help="zip or folder of a bundle")
    check.add_argument("--public_key", type=Path, help="key of the sender: the bundle must be signed with it")
    check.add_argument("--run", type=_truth, default=True, metavar="False", help="False leaves out the test input")
    check.add_argument("--json", type=Path, help="also write the verdict to this file")
    take = commands.add_parser("take", help="check a packed bundle, and put its weights and model.json into a folder")
    take.add_argument("file", type=Path, help="zip of the bundle")
    take.add_argument("folder", type=Path, help="where they go")
    keys = commands.add_parser("keys", help="make a pair of keys to sign bundles with")
    keys.add_argument("file", type=Path, help="where the private key goes; the public one gets .pub")
    sign = commands.add_parser("sign", help="sign a packed bundle")
    sign.add_argument("file", type=Path, help="folder or zip of the bundle")
    sign.add_argument("--private_key", type=Path, required=True, help="file made by `synfine keys`")
    return parser


def _truth(word: str) -> bool:
    if word.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"takes True or False, got {word!r}")
    return word.lower() == "true"


if __name__ == "__main__":
    sys.exit(main())
