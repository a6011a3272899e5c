"""The model card: plain Markdown whose links go to https or into the bundle; and LICENSE beside it."""

import html
import re
from collections.abc import Iterator

from synfine_monai.bundle import packed_bundle
from synfine_monai.bundle.checks.received import Received

__all__ = ["check_model_card", "judge_markdown", "judge_text"]

TAG = re.compile(r"<(?!https://)\s*[A-Za-z/!?]")
TARGETS = re.compile(r"(!?)\[[^\]]*\]\(\s*<?([^)>\s]*)")
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
            problems += judge_markdown(text, bundle.files)
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


def judge_markdown(text: str, files: tuple[str, ...]) -> Iterator[str]:
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
    links = [(mark == "!", target) for mark, target in TARGETS.findall(plain)]
    links += [(False, target) for target in DEFINITION.findall(plain)]
    for is_picture, target in links:
        if target.startswith(("//", "\\\\")):
            yield f"a link to another computer, {target[:60]!r}"
        elif is_picture and ":" in target:
            yield f"a picture from another computer, {target[:60]!r}: it would tell who reads the card"
        elif is_picture and target.removeprefix("../") not in files:
            yield f"a picture that is not in the bundle, {target[:60]!r}"
        elif re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", target) and not target.lower().startswith("https://"):
            yield f"the link {target[:60]!r}: only https is allowed"
    if re.search(r"!\[[^\]]*\]\s*\[|!\[[^\]]*\](?!\s*[(\[])", plain):
        yield "a picture by reference; write its file behind it, ![name](../figures/name.png)"
