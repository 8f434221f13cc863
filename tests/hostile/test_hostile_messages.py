"""Invalid messages to the drawing pad: an answer or a clear error message, never anything else."""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.components.drawing_pad import MOST_POINTS, MOST_STROKES, strokes_in
from data.ink import strokes_to_image
from tests.hostile.conftest import seeds

ODD: tuple[Any, ...] = (
    None, True, False, "", "NaN", "[1, 2]", "\ud800", "x" * 100_000, 0, -1, 10**400, -(10**400), 2**63, 1e308, -1e308,
    1e-320, float("nan"), float("inf"), float("-inf"), [], {}, [[]], [None], {"0": 1}, b"bytes", (1, 2),
)  # fmt: skip


def nested(depth: int) -> Any:
    inside: Any = []
    for _ in range(depth):
        inside = [inside]
    return inside


def coordinate(rng: np.random.Generator) -> Any:
    return [int(rng.integers(1001)), float(rng.uniform(0, 1000)), float(rng.uniform(-1e7, 1e7))][rng.integers(3)]


def message(rng: np.random.Generator) -> Any:
    """A drawing as the pad sends it, but for none to three things in it that were replaced."""
    counts = rng.integers(0, [8, 300, 40][rng.integers(3)], size=rng.integers(0, 8))
    message: Any = {
        "revision": int(rng.integers(100)),
        "strokes": [[[int(x), int(y)] for x, y in rng.integers(1001, size=(count, 2))] for count in counts],
    }
    for _ in range(rng.integers(0, 4)):
        message = replaced(message, rng)
    return message


def replaced(value: Any, rng: np.random.Generator) -> Any:
    """The value with something odd in its place, or in the place of something in it."""
    if isinstance(value, dict | list) and value and rng.integers(5):
        copy: Any = value.copy()
        key = list(value)[rng.integers(len(value))] if isinstance(value, dict) else int(rng.integers(len(value)))
        copy[key] = replaced(value[key], rng)
        return copy
    odd = [*ODD, coordinate(rng), nested(int(rng.integers(1, 2000))), [[1, 2]] * int(rng.integers(1, 2 * MOST_POINTS))]
    return odd[rng.integers(len(odd))]


def answer(message: Any) -> str:
    """The outcome of a message: "blank", "drawing" or the error message."""
    try:
        image = strokes_to_image(strokes_in(message))
    except ValueError as error:
        return str(error)
    if image is None:
        return "blank"
    assert (image.dtype, image.shape) == (np.uint8, (28, 28))
    return "drawing"


def test_a_message_is_answered_or_refused_with_a_message(row: Callable[[str, str], None]) -> None:
    outcomes: Counter[str] = Counter()
    for seed in seeds(300):
        outcome = answer(message(np.random.default_rng(seed)))
        assert re.fullmatch(r"blank|drawing|[a-z][^\n]{20,150}", outcome), f"seed {seed}: {outcome}"
        outcomes[outcome] += 1
    assert {"blank", "drawing"} < outcomes.keys()
    assert len(outcomes) >= 5
    good = outcomes["blank"] + outcomes["drawing"]
    row(
        f"{outcomes.total():,} messages with malformed strokes",
        f"{good:,} read, {outcomes.total() - good:,} refused with a message",
    )


@pytest.mark.parametrize(
    ("strokes", "complaint"),
    [
        ([[[1, 2]] * 1_000_000], f"more than {MOST_POINTS:,} points"),
        ([[[1, 2]]] * 1_000_000, f"more than {MOST_STROKES} strokes"),
        (nested(900), "not a pair"),
        ([[json.loads("[NaN, 1]")]], "not a pair"),
        ([[json.loads("[1, Infinity]")]], "not a pair"),
        ([[[10**400, 1]]], "not a pair"),
        ([[[True, False]]], "not a pair"),
    ],
    ids=["a million points", "a million strokes", "nested", "NaN", "infinity", "beyond all numbers", "yes and no"],
)
def test_impossible_drawings_are_refused_with_the_reason(strokes: Any, complaint: str) -> None:
    assert complaint in answer({"revision": 1, "strokes": strokes})
