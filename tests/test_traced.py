"""Numbers on a tape: what a calculation gives with other leaves, and when that cannot be said."""

from __future__ import annotations

import json
import math
import pickle

import pytest

from sourcing.traced import Replay, Tape, Traced, added, largest, smallest


def replayed(calculation, first: dict[str, float], then: dict[str, float]) -> float | None:
    """A calculation done with some numbers, replayed with others."""
    tape = Tape()
    result = calculation(**{name: tape.leaf(name, value) for name, value in first.items()})
    assert isinstance(result, Traced)
    tape.closed = True
    values = Replay(tape).run({tape.leaves[name].place: value for name, value in then.items()})
    return None if values is None else float(values[result.place])


@pytest.mark.parametrize(
    "calculation",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: 1 + 2 * a - 3 / b,
        lambda a, b: (1 - a) / (7 - b) + (5 + a) * 2,
        lambda a, b: -a + abs(a - b),
        lambda a, b: smallest(a, b, 0.2),
        lambda a, b: largest(0.0, a - b),
        lambda a, b: largest(a, b) - smallest(3, a),
        lambda a, b: added([a, b, 0.1, a]),
        lambda a, b: sum([a, b]) * added([]) + a,
    ],
)
@pytest.mark.parametrize("then", [{"a": 0.3, "b": 0.7}, {"a": -1.1, "b": 1e-9}, {"a": 0.1, "b": 0.2}])
def test_the_replayed_number_is_the_calculated_one_bit_for_bit(calculation, then):
    assert replayed(calculation, {"a": 0.1, "b": 0.3}, then) == calculation(**then)


@pytest.mark.parametrize(
    ("calculation", "same", "other"),
    [
        (lambda a: a * 2 if a > 0 else a, 5.0, -1.0),
        (lambda a: a * 2 if a >= 1 else a, 1.0, 0.5),
        (lambda a: a * 2 if a < 2 else a, 1.5, 2.0),
        (lambda a: a * 2 if a <= 2 else a, 2.0, 2.5),
        (lambda a: a * 2 if a else a, -3.0, 0.0),
        (lambda a: a * 2 if a == 1 else a, 1.0, 2.0),
        (lambda a: a * 2 if a != 7 else a, 8.0, 7.0),
        (lambda a: max(a, 0.0) * 1, 4.0, -4.0),  # `max` asks which is larger
        (lambda a: a * 2 if math.isfinite(a) else a, 4.0, math.inf),  # asks nothing: finite numbers stay finite
        (lambda a: a * math.inf, 4.0, -4.0),  # and infinite ones as they are
    ],
)
def test_a_question_with_another_answer_ends_the_replay(calculation, same, other):
    assert replayed(calculation, {"a": 1.0}, {"a": same}) == calculation(same)
    assert replayed(calculation, {"a": 1.0}, {"a": other}) is None


@pytest.mark.parametrize(
    "use",
    [
        lambda a: round(a), lambda a: int(a), lambda a: a**2, lambda a: 2**a, lambda a: f"{a:g}", lambda a: str(a),
        lambda a: {a: 1}, lambda a: float(a), lambda a: a % 2, lambda a: math.floor(a), lambda a: divmod(5, a),
    ],
)  # fmt: skip
def test_what_cannot_be_replayed_holds_the_number_where_it_is(use):
    def calculation(a, b):
        use(a)
        return a + b

    assert replayed(calculation, {"a": 1.5, "b": 2.0}, {"b": 4.0}) == 5.5
    assert replayed(calculation, {"a": 1.5, "b": 2.0}, {"a": 1.25}) is None


def test_a_quotient_that_cannot_be_is_not_said():
    assert replayed(lambda a: 1 / a, {"a": 2.0}, {"a": 0.0}) is None  # a build would stop at it


def test_a_closed_tape_gives_plain_numbers():
    tape = Tape()
    number = tape.leaf("a", 1.5)
    tape.closed = True
    for result in (number * 2, -number, 1 / number, largest(number, 3.0), pickle.loads(pickle.dumps(number))):
        assert type(result) is float
    assert (bool(number), number < 2, number == 1.5, hash(number), json.dumps(number)) == (
        True, True, True, hash(1.5), "1.5",
    )  # fmt: skip
    assert not tape.steps
    assert not tape.questions


def test_a_step_is_taken_once():
    tape = Tape()
    a = tape.leaf("a", 2.0)
    assert a * 3 is a * 3
    assert len(tape.steps) == 1
