"""``logging.conf``, whose ``class`` and ``args`` Python evaluates as code: only messages to the screen are allowed."""

import configparser

from synfine_monai.sharing import packed_bundle
from synfine_monai.sharing.checks.received import Received

__all__ = ["check_logging", "judge_logging"]

HARMLESS = {"class": ("StreamHandler", "logging.StreamHandler"), "args": ("(sys.stdout,)", "(sys.stderr,)", "()")}
KEYS = {
    "loggers": {"keys"}, "handlers": {"keys"}, "formatters": {"keys"},
    "logger": {"level", "handlers", "qualname", "propagate"}, "handler": {"class", "level", "formatter", "args"},
    "formatter": {"format", "datefmt"},
}  # fmt: skip
"""Keys of each kind of section; ``class`` of a formatter and ``kwargs`` of a handler can name code."""


def check_logging(bundle: Received) -> tuple[list[str], list[str]]:
    """Findings and notes about ``configs/logging.conf``."""
    if packed_bundle.LOGGING not in bundle.files:
        return [f"{packed_bundle.LOGGING} is missing"] if bundle.packed else [], []
    findings = judge_logging(bundle.read(packed_bundle.LOGGING))
    return [f"{packed_bundle.LOGGING}: {text}" for text in findings], [] if findings else ["messages go to the screen"]


def judge_logging(content: bytes) -> list[str]:
    """All that is wrong with the bytes of a ``logging.conf``."""
    parser = configparser.RawConfigParser(default_section="\0", strict=True)
    try:
        parser.read_string(content.decode("ascii"))
    except (configparser.Error, ValueError) as error:
        return [f"cannot be read: {' '.join(str(error).split())[:120]}"]
    findings = []
    for section in parser.sections():
        kind = section.split("_")[0] if section not in KEYS else section
        if kind not in KEYS:
            findings.append(f"a section [{section[:40]}], which could set values for all others")
            continue
        for key, value in parser[section].items():
            if key not in KEYS[kind]:
                findings.append(f"[{section[:40]}] {key[:40]}: not an entry that a bundle may have (it can name code)")
            elif key in HARMLESS and value not in HARMLESS[key]:
                findings.append(f"[{section[:40]}] {key} = {value[:60]}: Python evaluates it; only "
                                f"{' or '.join(HARMLESS[key])} may stand there")  # fmt: skip
            elif key != "format" and key != "datefmt" and ("%" in value or "\n" in value):
                findings.append(f"[{section[:40]}] {key}: more than one plain word")
    return findings
