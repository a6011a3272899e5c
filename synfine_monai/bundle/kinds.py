"""What an option takes, as its comment states it: ``[int >= 1]``, ``[number > 0]``, ``[a | b]``."""

import difflib
import re
from dataclasses import dataclass
from typing import Any

from synfine_monai.errors import ScanError

__all__ = ["Kind", "kind_of"]

STATED = re.compile(r"\[(?P<kind>int|number|True \| False|\w+(?: \| \w+)+)(?: (?P<bound>>=|>) (?P<least>[\d.]+))?\]\s*")


@dataclass(frozen=True)
class Kind:
    """Kind and range of an option.

    Attributes:
        name: "int", "number", "bool", "choice", or "any" for what is checked where it is used.
        least: lowest value of a number, None for none.
        open: whether ``least`` itself is excluded.
        choices: words of a choice.
        optional: whether None is a value.
    """

    name: str = "any"
    least: float | None = None
    open: bool = False
    choices: tuple[str, ...] = ()
    optional: bool = False

    def __str__(self) -> str:
        if self.name == "choice":
            return ", ".join(self.choices[:-1]) + f" or {self.choices[-1]}"
        words = {"int": "a whole number", "number": "a number"}.get(self.name, "True or False")
        if self.least is None:
            return words
        return f"{words} above {self.least:g}" if self.open else f"{words} from {self.least:g} up"

    def takes(self, value: Any) -> bool:
        """Whether ``value`` is of this kind and in its range."""
        if value is None:
            return self.optional or self.name == "any"
        if self.name == "bool":
            return isinstance(value, bool)
        if self.name == "choice":
            return value in self.choices
        if self.name == "any":
            return not (isinstance(value, str) and value.lower() in ("true", "false"))
        numbers = (int,) if self.name == "int" else (int, float)
        if type(value) not in numbers or not abs(value) < float("inf"):
            return False
        return self.least is None or value > self.least or (value == self.least and not self.open)

    def check(self, option: str, value: Any) -> None:
        """Refuse a value that is not of this kind.

        Raises:
            ScanError: naming the option, what it takes, and the nearest word of a choice.
        """
        if self.takes(value):
            return
        near = difflib.get_close_matches(str(value), self.choices, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise ScanError(f"--{option} takes {self}, got {value!r}{hint}")


def kind_of(default: Any, comment: str) -> tuple[Kind, str]:
    """The kind that a comment states in brackets, and the rest of it; True and False as defaults state themselves."""
    found = STATED.match(comment)
    if found is None:
        return (Kind("bool") if isinstance(default, bool) else Kind()), comment
    word, optional, rest = found["kind"], default is None, comment[found.end() :]
    if word in ("int", "number"):
        least = None if found["least"] is None else float(found["least"])
        return Kind(word, least, found["bound"] == ">", (), optional), rest
    return Kind("choice", None, False, tuple(word.split(" | ")), optional), rest
