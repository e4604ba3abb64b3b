"""Arithmetic of bands, written as text: parsed into a tree that holds nothing else.

`(b4 - b3) / (b4 + b3)`: b1 is the first channel. Known are + - * / **, comparisons, & and |,
numbers, parentheses and the functions of FUNCTIONS. The text is never executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rvcli.errors import ConfigError, nearest

# What numpy calls them, and how many arguments they take.
FUNCTIONS: Mapping[str, tuple[str, int]] = {
    "abs": ("abs", 1),
    "exp": ("exp", 1),
    "log": ("log", 1),
    "max": ("maximum", 2),
    "min": ("minimum", 2),
    "sqrt": ("sqrt", 1),
    "where": ("where", 3),
}
_OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.BitAnd: "logical_and",
    ast.BitOr: "logical_or",
    ast.USub: "negative",
    ast.UAdd: "positive",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}
_BAND = re.compile(r"b([1-9]\d{0,3})")
_MAX_LENGTH = 1000


@dataclass(frozen=True)
class Call:
    """A function of numpy, by name, and what it is applied to: calls, bands or numbers."""

    function: str
    arguments: tuple[Call | Band | float, ...]


@dataclass(frozen=True)
class Band:
    """A channel, counted from 0."""

    index: int


class BandExpression:
    """Arithmetic of the bands of a chip.

    Attributes:
        text: as it was written.
        bands: channels that it names, counted from 0.

    Raises:
        ConfigError: the text is no such arithmetic, or names no band.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._found: set[int] = set()
        if len(text) > _MAX_LENGTH:
            raise self._refuse(f"is longer than {_MAX_LENGTH} characters")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            raise self._refuse(f"cannot be read: {getattr(error, 'msg', error)}") from error
        self._root = self._read(tree)
        self.bands: Sequence[int] = sorted(self._found)
        if not self.bands:
            raise self._refuse("names no band")

    def evaluate(self, planes: Mapping[int, Any]) -> Any:
        """Compute the expression.

        Args:
            planes: an array of floats for each of `bands`.

        Returns:
            an array of their shape; not finite where a band was divided by 0 and the like.
        """
        import numpy as np

        dtype = planes[self.bands[0]].dtype

        def value_of(node: Call | Band | float) -> Any:
            if isinstance(node, Call):
                return getattr(np, node.function)(*map(value_of, node.arguments))
            return planes[node.index] if isinstance(node, Band) else dtype.type(node)

        with np.errstate(all="ignore"):
            return np.asarray(value_of(self._root), dtype=dtype)

    def _read(self, node: ast.AST) -> Call | Band | float:
        if isinstance(node, ast.Constant):
            return self._number(node.value)
        if isinstance(node, ast.Name):
            return self._band(node.id)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return self._call(_OPERATORS[type(node.op)], node.left, node.right)
        if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
            return self._call(_OPERATORS[type(node.op)], node.operand)
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPERATORS:
            return self._call(_OPERATORS[type(node.ops[0])], node.left, node.comparators[0])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._function(node.func.id, node.args)
        raise self._refuse(f"holds {ast.unparse(node)!r}, which is no arithmetic of bands")

    def _call(self, function: str, *arguments: ast.AST) -> Call:
        return Call(function, tuple(map(self._read, arguments)))

    def _function(self, name: str, arguments: Sequence[ast.AST]) -> Call:
        if name not in FUNCTIONS:
            near = nearest(name, FUNCTIONS)
            raise self._refuse(f"calls {name}" + (f": did you mean {near}?" if near else ""))
        function, count = FUNCTIONS[name]
        if len(arguments) != count:
            raise self._refuse(f"gives {name} {len(arguments)} arguments, not {count}")
        return self._call(function, *arguments)

    def _number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._refuse(f"holds {value!r}, which is no number")
        try:
            return float(value)
        except OverflowError:
            raise self._refuse("holds a number that is too large") from None

    def _band(self, name: str) -> Band:
        match = _BAND.fullmatch(name)
        if match is None:
            raise self._refuse(f"names {name}, which is no band")
        self._found.add(int(match[1]) - 1)
        return Band(int(match[1]) - 1)

    def _refuse(self, why: str) -> ConfigError:
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        return ConfigError(
            f"the band expression {shown!r} {why}",
            hint="write bands as b1, b2, ... with + - * / **, comparisons and the functions "
            + ", ".join(FUNCTIONS),
        )
