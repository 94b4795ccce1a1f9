"""Small faults of a module, one at a time: what a slip of the pen could have written instead."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COMBINED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_CALLED = {"min": "max", "any": "all", "minimum": "maximum", "argmin": "argmax", "floor": "ceil"}
_CALLED |= {other: one for one, other in _CALLED.items()}
#: Arguments and names that hold words for people: their text is no behaviour.
_WORDS = frozenset({"seen", "mend", "where", "place", "shown", "reason", "use"})


@dataclass(frozen=True)
class Fault:
    """One changed place of a module."""

    number: int
    line: int
    what: str


class _Changer(ast.NodeTransformer):
    """Count every fault a module could have; make the one that is wanted."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted = wanted
        self.faults: list[Fault] = []

    def visit(self, node: ast.AST) -> ast.AST:
        if _is_words(node):
            return node
        chosen = None
        for changed, what in _changes(node):
            if len(self.faults) == self.wanted:
                chosen = ast.copy_location(changed, node)
            self.faults.append(Fault(len(self.faults), getattr(node, "lineno", 0), what))
        if chosen is not None:
            return chosen
        for field, value in ast.iter_fields(node):
            if field in {"annotation", "returns", "decorator_list"}:
                continue
            if isinstance(value, list):
                kept = [self.visit(one) if isinstance(one, ast.AST) else one for one in value]
                setattr(node, field, kept)
            elif isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
        return node


def _is_words(node: ast.AST) -> bool:
    """Docstrings, messages, and what only a type checker reads."""
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.keyword):
        return node.arg in _WORDS
    if isinstance(node, ast.Assign):
        parts = [part for target in node.targets for part in ast.walk(target)]
        names = {part.id for part in parts if isinstance(part, ast.Name)}
        return bool(names) and names <= _WORDS
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.Subscript):
        return ast.unparse(node.value) == "Literal"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                changed = copy.deepcopy(node)
                changed.ops[at] = _COMPARED[type(operator)]()
                yield changed, f"{ast.unparse(node)} -> {ast.unparse(changed)}"
        case ast.BinOp() | ast.AugAssign() if type(node.op) in _COMBINED:
            changed = copy.deepcopy(node)
            changed.op = _COMBINED[type(node.op)]()
            yield changed, f"{ast.unparse(node)} -> {ast.unparse(changed)}"
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            changed = ast.BoolOp(other, copy.deepcopy(node.values))
            yield changed, f"{ast.unparse(node)} -> {ast.unparse(changed)}"
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield copy.deepcopy(node.operand), f"{ast.unparse(node)} -> {ast.unparse(node.operand)}"
        case ast.If() | ast.IfExp() | ast.While():
            changed = copy.deepcopy(node)
            changed.test = ast.UnaryOp(ast.Not(), changed.test)
            yield changed, f"if {ast.unparse(node.test)} -> if not"
        case ast.Constant():
            yield from _constants(node)
        case ast.Expr(value=ast.Call()):
            yield ast.Pass(), f"{ast.unparse(node)[:60]} -> pass"
        case ast.Break() | ast.Continue() | ast.Attribute() | ast.Call():
            yield from _other_names(node)


def _other_names(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    match node:
        case ast.Break():
            yield ast.Continue(), "break -> continue"
        case ast.Continue():
            yield ast.Break(), "continue -> break"
        case ast.Attribute(attr=name) if name in _CALLED:
            changed = copy.deepcopy(node)
            changed.attr = _CALLED[name]
            yield changed, f"{ast.unparse(node)} -> {_CALLED[name]}"
        case ast.Call(func=ast.Name(id=name)) if name in _CALLED:
            changed = copy.deepcopy(node)
            changed.func = ast.Name(_CALLED[name], ast.Load())
            yield changed, f"{name}() -> {_CALLED[name]}()"


def _constants(node: ast.Constant) -> Iterator[tuple[ast.AST, str]]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value), f"{value} -> {not value}"
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1), f"{value} -> {value + 1}"
    elif isinstance(value, str) and value and " " not in value and len(value) <= 24:
        yield ast.Constant(f"XX{value}"), f"{value!r} -> 'XX{value}'"


def faults_of(source: str) -> list[Fault]:
    """Every fault a module could have, in the order of its text."""
    changer = _Changer()
    changer.visit(ast.parse(source))
    return changer.faults


def with_fault(source: str, number: int) -> ast.Module:
    """Return the module with one fault in it."""
    tree = _Changer(number).visit(ast.parse(source))
    assert isinstance(tree, ast.Module)
    return ast.fix_missing_locations(tree)
