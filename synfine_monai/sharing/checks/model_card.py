"""The model card: plain Markdown whose links go to https or into the bundle; and LICENSE beside it."""

import html
import re
from collections.abc import Iterator

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.received import Received

__all__ = ["check_model_card", "judge_markdown", "judge_text"]

TAG = re.compile(r"<(?!https://)\s*[A-Za-z/!?]")
PICTURE = re.compile(r"!\[[^\[\]]*\]\(\s*<?([^)>\s]*)")
LINK = re.compile(r"\]\(\s*<?([^)>\s]*)")
DEFINITION = re.compile(r"^\s{0,3}\[[^\]]+\]:\s*<?(\S+)", re.MULTILINE)
SCHEME = re.compile(
    r"(?<![\w/.-])(javascript|data|vbscript|file|ftp|http|mailto|smb|ssh|ms-[a-z]+|about|blob):(?=[^\s*_`)])",
    re.IGNORECASE,
)
INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def check_model_card(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about ``docs/README.md`` and ``LICENSE``."""
    findings = []
    for name in (packed_bundle.MODEL_CARD, packed_bundle.LICENSE):
        if name not in bundle.files:
            findings += [f"{name} is missing"] if bundle.packed else []
            continue
        text, problems = judge_text(bundle.read(name))
        if name == packed_bundle.MODEL_CARD:
            problems += judge_markdown(text, bundle.files, bundle.packed)
        findings += [f"{name}: {problem}" for problem in problems]
    return findings, [] if findings else ["plain Markdown"]


def judge_text(content: bytes) -> tuple[str, list[str]]:
    """A file's text, and what keeps it from being one that a person sees as it is."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return "", [f"is no text in UTF-8 (byte {error.start})"]
    found = INVISIBLE.search(text)
    return text, [
        f"an invisible character (U+{ord(found[0]):04X}), which can make a text look like another"
    ] if found else []


def judge_markdown(text: str, files: tuple[str, ...], packed: bool = True) -> Iterator[str]:
    """HTML, and links or pictures that lead elsewhere than to https or into the bundle.

    Entities and escapes are undone first, as a browser would: ``javascript&#58;`` is a scheme.
    """
    plain = html.unescape(html.unescape(text))
    for found in TAG.finditer(plain):
        yield f"HTML ({plain[found.start() : found.start() + 40].splitlines()[0]!r}): a card is plain Markdown"
        break
    squeezed = re.sub(r"[\\\t\r\n]", "", plain)
    for found in {match[1].lower() for candidate in (plain, squeezed) for match in SCHEME.finditer(candidate)}:
        yield f"a link by '{found}:': only https is allowed"
    pictures = PICTURE.findall(plain)
    for target in [*LINK.findall(plain), *DEFINITION.findall(plain)]:
        if text := _judge_link(target, files, packed):
            yield text
    for target in pictures:
        if ":" in target or target.startswith("//"):
            yield f"a picture from another computer, {target[:60]!r}: it would tell who reads the card"
        elif target.removeprefix("../") not in files:
            yield f"a picture that is not in the bundle, {target[:60]!r}"
    if plain.count("![") != len(pictures):
        yield "a picture that is not written as ![name](../figures/name.png)"


def _judge_link(target: str, files: tuple[str, ...], packed: bool) -> str | None:
    if target.startswith(("//", "\\\\")):
        return f"a link to another computer, {target[:60]!r}"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", target):
        return None if target.lower().startswith("https://") else f"the link {target[:60]!r}: only https is allowed"
    if packed and target and not target.startswith("#") and target.removeprefix("../").split("#")[0] not in files:
        return f"the link {target[:60]!r} leads out of the bundle"
    return None
