"""The model card: plain Markdown with links by https or into the bundle, and the facts of ``model.json``."""

import html
import re
from collections.abc import Iterator

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.received import Received

TAG = re.compile(r"<(?!https://[^\s<>]*>)[A-Za-z/!?]")
PICTURE = re.compile(r"!\[[^\[\]]*\]\(\s*<?([^)>\s]*)")
LINK = re.compile(r"\]\(\s*<?([^)>\s]*)")
DEFINITION = re.compile(r"^\s{0,3}\[[^\]\n]+\]:[ \t]*<?(\S+)", re.MULTILINE)
SCHEME = re.compile(
    r"(?<![\w/.-])(javascript|data|vbscript|file|ftp|http|mailto|smb|ssh|ms-[a-z]+|about|blob):(?=[^\s*_`)])",
    re.IGNORECASE,
)
HIDDEN_LETTERS = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\ufeff\uffa0"


def check_model_card(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about ``docs/README.md`` and ``LICENSE``."""
    findings = []
    for name in (packed_bundle.MODEL_CARD, packed_bundle.LICENSE):
        if name not in bundle.files:
            findings += [f"{name} is missing"] if bundle.packed else []
            continue
        text, problems = judge_text(bundle.read(name))
        if name == packed_bundle.MODEL_CARD and not problems:
            problems += judge_markdown(text, bundle.files, bundle.packed)
        findings += [f"{name}: {problem}" for problem in problems]
    return findings, [] if findings else ["plain Markdown"]


def hidden(text: str) -> str | None:
    """The first character of a text that nobody sees as what it is, or None: control, bidirectional, invisible."""
    return next((c for c in text if c in HIDDEN_LETTERS or not (c.isprintable() or c in "\t\r\n\u00a0")), None)


def judge_text(content: bytes) -> tuple[str, list[str]]:
    """A file's text, and what keeps it from being one that a person sees as it is."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return "", [f"is no text in UTF-8 (byte {error.start})"]
    found = hidden(text)
    return text, [f"an invisible character (U+{ord(found):04X}), which makes a text look like another"] if found else []


def judge_markdown(text: str, files: tuple[str, ...], packed: bool = True) -> Iterator[str]:
    """HTML, and links or pictures that lead elsewhere than to https or into the bundle.

    Entities and escapes are undone first, as a browser would: ``javascript&#58;`` is a scheme. "d < 5" is no tag.
    """
    plain = html.unescape(html.unescape(text))
    if (found := TAG.search(plain)) is not None:
        yield f"HTML ({plain[found.start() : found.start() + 40].splitlines()[0]!a}): a card is plain Markdown"
    squeezed = re.sub(r"[\\\t\r\n]", "", plain)
    for scheme in sorted({match[1].lower() for candidate in (plain, squeezed) for match in SCHEME.finditer(candidate)}):
        yield f"a link by '{scheme}:': only https is allowed"
    pictures = PICTURE.findall(plain)
    for target in [*LINK.findall(plain), *DEFINITION.findall(plain)]:
        if problem := _judge_link(target, files, packed):
            yield problem
    for target in pictures:
        if ":" in target or target.startswith("//"):
            yield f"a picture from another computer, {target[:60]!a}: it would tell who reads the card"
        elif target.removeprefix("../") not in files:
            yield f"a picture that is not in the bundle, {target[:60]!a}"
    if plain.count("![") != len(pictures):
        yield "a picture that is not written as ![name](../figures/name.png)"


def _judge_link(target: str, files: tuple[str, ...], packed: bool) -> str | None:
    if target.startswith(("//", "\\\\")):
        return f"a link to another computer, {target[:60]!a}"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", target):
        return None if target.lower().startswith("https://") else f"the link {target[:60]!a}: only https is allowed"
    if packed and target and not target.startswith("#") and target.removeprefix("../").split("#")[0] not in files:
        return f"the link {target[:60]!a} leads out of the bundle"
    return None
