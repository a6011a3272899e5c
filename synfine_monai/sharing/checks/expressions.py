"""A ``$`` expression of a configuration, judged by its syntax tree: what is not on the list is named and refused."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from monai.bundle import ReferenceResolver

from synfine_monai.sharing.checks.allowed import Allowed

__all__ = ["expression_text", "is_literal_or_reference", "judge_expression", "judge_import", "references_of"]

LOCALS = ReferenceResolver._vars  # name under which MONAI hands an expression what it refers to
REFERENCE = re.compile(rf"{LOCALS}\['([\w:]*)'\]")
RELATIVE = re.compile(r"[@%](#|::)")
LONGEST, LARGEST, MOST_NODES = 500, 10**9, 200


class Refused(Exception):
    """What an expression holds that it may not."""


def judge_expression(text: str, allowed: Allowed) -> list[str]:
    """All that is wrong with the expression behind a ``$``, in words; nothing of it is evaluated."""
    try:
        tree = _parse(text)
    except Refused as refused:
        return [str(refused)]
    return list(dict.fromkeys(_judge(tree, allowed, frozenset())))


def judge_import(text: str, allowed: Allowed) -> str | None:
    """Why an import statement is refused, or None."""
    return None if text in allowed.imports else f"{text!r} is not an import that a bundle may have"


def expression_text(text: str) -> str:
    """An expression as it is compared with the list: Python's own spelling of it, references as ``@id``.

    Raises:
        Refused: if it is no expression.
    """
    return _unparse(_parse(text))


def references_of(text: str) -> list[str]:
    """Ids to which the text of a ``$`` expression or of an ``@`` reference refers, as MONAI finds them."""
    return list(ReferenceResolver.match_refs_pattern(text))


def is_literal_or_reference(text: str) -> bool:
    """Whether the expression behind a ``$`` is a literal or one reference: what ``--strict`` allows."""
    try:
        tree = _parse(text)
        if _reference(tree) is None:
            ast.literal_eval(tree)
    except (Refused, ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _parse(text: str) -> ast.expr:
    """Syntax tree of what MONAI would hand to ``eval``: its own replacement of references comes first."""
    if len(text) > LONGEST:
        raise Refused(f"an expression of {len(text):,} characters, more than {LONGEST}")
    if not text.isascii() or not text.isprintable():
        raise Refused("an expression with characters that are not plain ASCII, or with line ends")
    if RELATIVE.search(text):
        raise Refused("a relative reference (@# or %#); write the id out")
    if LOCALS in text:
        raise Refused(f"{LOCALS}, a name of MONAI's own")
    expression = f"${text}"
    known = {id: None for id in references_of(expression)}
    try:
        tree = ast.parse(ReferenceResolver.update_refs_pattern(expression, known)[1:])
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise Refused(f"{_short(text)} is no Python expression ({type(error).__name__})") from error
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        raise Refused(f"{_short(text)} is a statement and not one expression")
    if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
        raise Refused(f"{_short(text)} has more than {MOST_NODES} parts")
    return tree.body[0].value


def _judge(node: ast.AST, allowed: Allowed, bound: frozenset[str]) -> Iterator[str]:
    """What is wrong with a part of an expression in which the variables ``bound`` exist."""
    kind = type(node).__name__
    if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del) and not isinstance(node, ast.Name | ast.Tuple):
        yield f"{_short(_unparse(node))}: something that exists already is set anew"
    elif _reference(node) is not None or isinstance(node, ast.expr_context):
        return
    elif isinstance(node, ast.Lambda | ast.ListComp) and kind in allowed.nodes:
        yield from _judge_scope(node, allowed, bound)
    elif isinstance(node, ast.Call):
        yield from _judge_call(node, allowed, bound)
    elif isinstance(node, ast.Attribute):
        yield from _judge_attribute(node, allowed, bound, called=False)
    elif isinstance(node, ast.Name):
        if node.id not in bound:
            yield f"the name {node.id!r}, which is not on the list"
    elif isinstance(node, ast.Constant):
        yield from _judge_constant(node.value)
    elif kind not in allowed.nodes:
        yield f"{_short(_unparse(node))}: Python's {kind}, which is not on the list"
    else:
        for child in ast.iter_child_nodes(node):
            yield from _judge(child, allowed, bound)


def _judge_call(node: ast.Call, allowed: Allowed, bound: frozenset[str]) -> Iterator[str]:
    called = _dotted(node.func, allowed, bound)
    if any(isinstance(argument, ast.Starred) for argument in node.args) or any(k.arg is None for k in node.keywords):
        yield f"{_short(_unparse(node))}: arguments behind a star cannot be judged"
    if called is not None:
        if called not in allowed.calls:
            yield f"the call of {called}, which is not on the list"
        elif more := [k.arg for k in node.keywords if k.arg not in (None, *allowed.calls[called])]:
            yield f"the argument {more[0]!r} of {called}, which is not on the list"
        yield from _judge_guarded(node, called, allowed)
    elif isinstance(node.func, ast.Attribute):
        yield from _judge_attribute(node.func, allowed, bound, called=True)
    elif isinstance(node.func, ast.Name):
        if node.func.id not in allowed.builtins or node.func.id in bound:
            yield f"the call of {node.func.id!r}, which is not on the list"
    elif _unparse(node) not in allowed.reference_calls:
        yield f"{_short(_unparse(node))}: a call of something that is no name"
        yield from _judge(node.func, allowed, bound)
    for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
        yield from _judge(argument.value if isinstance(argument, ast.Starred) else argument, allowed, bound)


def _judge_guarded(node: ast.Call, called: str, allowed: Allowed) -> Iterator[str]:
    given: dict[Any, ast.expr] = {
        **dict(enumerate(node.args)),
        **{keyword.arg: keyword.value for keyword in node.keywords},
    }
    for argument, texts in allowed.guarded.get(called, {}).items():
        if argument in given and _unparse(given[argument]) not in texts:
            yield f"{called} is given {_short(_unparse(given[argument]))}, where only {' or '.join(texts)} may stand"


def _judge_attribute(node: ast.Attribute, allowed: Allowed, bound: frozenset[str], called: bool) -> Iterator[str]:
    name = _dotted(node, allowed, bound)
    if name is not None:
        if name not in allowed.values:
            yield f"the name {name}, which is not on the list"
        return
    if node.attr not in (allowed.methods if called else allowed.attributes):
        yield f"the {'method' if called else 'attribute'} .{node.attr}, which is not on the list"
    yield from _judge(node.value, allowed, bound)


def _judge_scope(node: ast.Lambda | ast.ListComp, allowed: Allowed, bound: frozenset[str]) -> Iterator[str]:
    """A lambda or a comprehension: its variables are known inside, and must not hide another name."""
    inside = [n for n in ast.walk(node) if isinstance(n, ast.arg) or (isinstance(n, ast.Name) and _stores(n))]
    new = {n.arg if isinstance(n, ast.arg) else n.id for n in inside}
    for name in sorted(new & (allowed.roots | allowed.builtins | {LOCALS}) | {n for n in new if n.startswith("_")}):
        yield f"a variable called {name!r}, which hides another name"
    for child in ast.iter_child_nodes(node):
        parts = ast.iter_child_nodes(child) if isinstance(child, ast.comprehension | ast.arguments) else [child]
        for part in parts:
            if not isinstance(part, ast.arg):
                yield from _judge(part, allowed, bound | new)


def _judge_constant(value: object) -> Iterator[str]:
    if not isinstance(value, str | int | float | bool | None):
        yield f"a constant of type {type(value).__name__}"
    elif isinstance(value, int | float) and not abs(value) <= LARGEST:
        yield f"a number above {LARGEST:,}"
    elif isinstance(value, str) and LOCALS in value:
        yield "a reference inside of a text"


def _dotted(node: ast.AST, allowed: Allowed, bound: frozenset[str]) -> str | None:
    """The dotted name that begins with an imported module, or None."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id not in bound and parts and node.id in allowed.roots:
        return ".".join([node.id, *reversed(parts)])
    return None


def _reference(node: ast.AST) -> str | None:
    """The id of a reference, or None for anything else."""
    if (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == LOCALS
            and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)):  # fmt: skip
        return node.slice.value
    return None


def _stores(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _unparse(node: ast.AST) -> str:
    return REFERENCE.sub(r"@\1", ast.unparse(node))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:77]}..."
