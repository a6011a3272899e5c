"""What a run wants looked at: gathered while it runs and told at its end, so that nobody must read the log."""

import logging

PACKAGE = "synfine_monai"


class _Gather(logging.Handler):
    """Keeps each sentence once, in the order in which they came."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.sentences: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self.sentences[" ".join(record.getMessage().split())] = None


_gather = _Gather()


def gather_notices() -> None:
    """Begin anew; from now on every warning that this package logs is kept, whoever logs it."""
    _gather.sentences.clear()
    logging.getLogger(PACKAGE).addHandler(_gather)  # a second time changes nothing


def look_at(sentence: str) -> None:
    """Keep a sentence that is no warning: a guess, a picture, what was left out."""
    _gather.sentences[" ".join(sentence.split())] = None


def drop_notice(sentence: str) -> None:
    """Keep a sentence no longer, since the user has it before him."""
    _gather.sentences.pop(" ".join(sentence.split()), None)


def notices() -> list[str]:
    """What was kept since ``gather_notices``."""
    return list(_gather.sentences)


def tell_notices() -> None:
    """Print what was kept, one line each, and forget it."""
    if kept := notices():
        print("\n".join(["", "Look at these:", *(f"- {sentence}" for sentence in kept)]), flush=True)
    forget_notices()


def forget_notices() -> None:
    """Keep nothing of what was."""
    _gather.sentences.clear()
