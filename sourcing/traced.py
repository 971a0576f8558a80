"""Traced numbers: floats that remember how they were worked out from the cells of an instance.

A build that reads traced cells writes a tape: every sum, difference, product, quotient, smallest and largest, and every
question that was asked of a number on the way (is it above zero? equal to that one?). Run again with other cells the
tape gives, bit for bit, the numbers that another build would, provided that every question has the same answer; where
one has not, the two builds might differ in more than numbers. What a tape cannot replay (a power, a rounding, a text,
a key) pins the number to its value, which is a question too.

C code sees a float: numpy and `math` lose the trace and ask no question, so what builds a model keeps to Python's
arithmetic. Whether a number is finite may be asked: that is watched throughout.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATE, ABSOLUTE, SMALLER, LARGER = range(8)
BELOW, AT_MOST, EQUAL = range(3)


class Tape:
    """What traced numbers did: the values, the steps between them, and the questions with their answers.

    `values[k]` is number k and `levels[k]` how many steps it is away from the cells; `steps` say which number an
    operation on two others gave, and the same step is taken once; `leaves` are the numbers that came from cells, as
    their reader named them. A closed tape takes no more: its numbers then act as plain floats.
    """

    def __init__(self) -> None:
        self.values: list[float] = []
        self.levels: list[int] = []
        self.steps: dict[tuple[int, int, int], Traced] = {}
        self.questions: dict[tuple[int, int, int], bool] = {}
        self.leaves: dict[Any, Traced] = {}
        self.closed = False
        self._constants: dict[Any, int] = {}

    def cell(self, name: tuple[Any, ...], value: float) -> Cell:
        """The number of a cell that holds one for all time: the leaf (*name, None)."""
        number = Cell(value)
        number.name = name
        self.leaves[*name, None] = self.number(number, 0)
        return number

    def leaf(self, name: Any, value: float) -> Traced:
        """The number that a cell holds; the same name gives the same number."""
        if name not in self.leaves:
            self.leaves[name] = self.number(Traced(value), 0)
        return self.leaves[name]

    def place(self, number: float) -> int:
        """Where a number stands on the tape; a plain one is a constant."""
        if isinstance(number, Traced):
            return number.place
        key = number or repr(number)  # 0.0 and -0.0 are two
        if key not in self._constants:
            self._constants[key] = len(self.values)
            self.values.append(float(number))
            self.levels.append(0)
        return self._constants[key]

    def step(self, operation: int, first: int, second: int, value: float) -> Traced:
        """The number that an operation gave."""
        key = operation, first, second
        if key not in self.steps:
            self.steps[key] = self.number(Traced(value), 1 + max(self.levels[first], self.levels[second]))
        return self.steps[key]

    def pin(self, number: Traced) -> None:
        """A use that cannot be replayed: the number must stay as it is."""
        if not self.closed:
            self.questions[EQUAL, number.place, self.place(float.__pos__(number))] = True

    def used(self) -> set[int]:
        """Places of the numbers that a step or a question is about."""
        return {place for _, *pair in (*self.steps, *self.questions) for place in pair}

    def number(self, number: Traced, level: int) -> Traced:
        """Take a number."""
        number.tape, number.place = self, len(self.values)
        self.values.append(float.__pos__(number))
        self.levels.append(level)
        return number


class Traced(float):
    """A float on a tape."""

    __slots__ = ("place", "tape")
    tape: Tape
    place: int

    def __reduce__(self) -> Any:
        return float, (float.__pos__(self),)


class Cell(Traced):
    """The number in a cell; `name` is its reader's."""

    __slots__ = ("name",)
    name: tuple[Any, ...]

    def mean(self, start: float, end: float) -> float:
        """The number from `start` to `end`, for what reads it by time: elsewhere it may vary."""
        return self if self.tape.closed else self.tape.leaf((*self.name, (start, end)), float.__pos__(self))


def _operation(code: int, name: str, *, swapped: bool = False) -> Any:
    plain = getattr(float, name)

    def operate(self: Traced, other: Any) -> Any:
        value, tape = plain(self, other), self.tape
        if tape.closed or value is NotImplemented:
            return value
        first, second = self.place, tape.place(other)
        return tape.step(code, second, first, value) if swapped else tape.step(code, first, second, value)

    return functools.wraps(plain)(operate)


def _unary(code: int, name: str) -> Any:
    plain = getattr(float, name)

    def operate(self: Traced) -> Any:
        value = plain(self)
        return value if self.tape.closed else self.tape.step(code, self.place, self.place, value)

    return functools.wraps(plain)(operate)


def _question(code: int, name: str, *, swapped: bool = False, negated: bool = False) -> Any:
    plain = getattr(float, name)

    def ask(self: Traced, other: Any) -> Any:
        answer, tape = plain(self, other), self.tape
        if not tape.closed and answer is not NotImplemented:
            pair = (tape.place(other), self.place) if swapped else (self.place, tape.place(other))
            tape.questions[code, *pair] = answer != negated
        return answer

    return functools.wraps(plain)(ask)


def _pinned(name: str) -> Any:
    plain = getattr(float, name)

    def use(self: Traced, *others: Any) -> Any:
        self.tape.pin(self)
        for other in others:
            if isinstance(other, Traced):
                self.tape.pin(other)
        return plain(self, *others)

    return functools.wraps(plain)(use)


def _true(self: Traced) -> bool:
    if not self.tape.closed:
        self.tape.questions[EQUAL, self.place, self.tape.place(0.0)] = not float.__bool__(self)
    return float.__bool__(self)


def _key(self: Traced) -> int:
    """Pyomo leaves out factors that stand in its set {1}, which asks only that; any other key must stay as it is."""
    if not self.tape.closed:
        self.tape.questions[EQUAL, self.place, self.tape.place(1.0)] = float.__eq__(self, 1.0)
        if not sys._getframe(1).f_globals["__name__"].startswith("pyomo."):
            self.tape.pin(self)
    return float.__hash__(self)


_METHODS: dict[str, Any] = {
    "__bool__": _true,
    "__hash__": _key,
    "__neg__": _unary(NEGATE, "__neg__"),
    "__abs__": _unary(ABSOLUTE, "__abs__"),
    "__lt__": _question(BELOW, "__lt__"),
    "__le__": _question(AT_MOST, "__le__"),
    "__gt__": _question(BELOW, "__gt__", swapped=True),
    "__ge__": _question(AT_MOST, "__ge__", swapped=True),
    "__eq__": _question(EQUAL, "__eq__"),
    "__ne__": _question(EQUAL, "__ne__", negated=True),
}
for _name, _code in (("add", ADD), ("sub", SUBTRACT), ("mul", MULTIPLY), ("truediv", DIVIDE)):
    _METHODS[f"__{_name}__"] = _operation(_code, f"__{_name}__")
    _METHODS[f"__r{_name}__"] = _operation(_code, f"__r{_name}__", swapped=True)
for _name in (
    "float", "int", "trunc", "floor", "ceil", "round", "floordiv", "rfloordiv", "mod", "rmod", "divmod", "rdivmod",
    "pow", "rpow", "format", "str", "repr",
):  # fmt: skip
    _METHODS[f"__{_name}__"] = _pinned(f"__{_name}__")
for _name, _method in _METHODS.items():
    setattr(Traced, _name, _method)


def smallest(*numbers: float) -> float:
    """`min`, that a tape can replay where another of the numbers becomes the smallest."""
    return functools.reduce(_smaller, numbers)


def largest(*numbers: float) -> float:
    """`max`, that a tape can replay where another of the numbers becomes the largest."""
    return functools.reduce(_larger, numbers)


def added(numbers: Iterable[float]) -> float:
    """Sum from left to right, as a tape replays it (`sum` compensates for rounding from Python 3.12 on)."""
    total = 0.0
    for number in numbers:
        total = total + number
    return total


def _chosen(code: int, plain: Callable[[float, float], float]) -> Callable[[float, float], float]:
    def choose(first: float, second: float) -> float:
        tape = getattr(first, "tape", None) or getattr(second, "tape", None)
        if tape is None or tape.closed:
            return plain(first, second)
        places = tape.place(first), tape.place(second)
        value = plain(tape.values[places[0]], tape.values[places[1]])
        return tape.step(code, *places, value)  # type: ignore[no-any-return]

    return choose


_smaller, _larger = _chosen(SMALLER, min), _chosen(LARGER, max)


class Replay:
    """A closed tape, ready to be run with other leaves."""

    def __init__(self, tape: Tape):
        import numpy as np

        self._values = np.array(tape.values)
        self._finite = np.isfinite(self._values)
        steps = np.array([(*key, number.place) for key, number in tape.steps.items()], dtype=np.int64).reshape(-1, 4)
        levels = np.array(tape.levels)[steps[:, 3]]
        order = np.lexsort((steps[:, 0], levels))
        borders = np.flatnonzero(np.any(np.diff([levels[order], steps[order, 0]]), axis=0)) + 1
        self._steps = [(int(part[0, 0]), *part[:, 1:].T) for part in np.split(steps[order], borders) if len(part)]
        asked = np.array([(*key, answer) for key, answer in tape.questions.items()], dtype=np.int64).reshape(-1, 4)
        self._questions = [(code, *asked[asked[:, 0] == code, 1:].T) for code in (BELOW, AT_MOST, EQUAL)]

    def run(self, leaves: Mapping[int, float]) -> Any:
        """All numbers with other leaves (by place), as an array; None where a question has another answer."""
        import numpy as np

        values = self._values.copy()
        values[list(leaves)] = list(leaves.values())
        apply: dict[int, Callable[[Any, Any], Any]] = {
            ADD: np.add, SUBTRACT: np.subtract, MULTIPLY: np.multiply, DIVIDE: np.divide, SMALLER: np.minimum,
            LARGER: np.maximum, NEGATE: lambda first, _: -first, ABSOLUTE: lambda first, _: abs(first),
        }  # fmt: skip
        with np.errstate(all="ignore"):
            for operation, first, second, result in self._steps:
                values[result] = apply[operation](values[first], values[second])
        endless = ~self._finite
        if not np.all(np.isfinite(values[self._finite])) or not np.array_equal(values[endless], self._values[endless]):
            return None
        ask: dict[int, Callable[[Any, Any], Any]] = {BELOW: np.less, AT_MOST: np.less_equal, EQUAL: np.equal}
        for code, first, second, answer in self._questions:
            if np.any(ask[code](values[first], values[second]) != answer):
                return None
        return values
