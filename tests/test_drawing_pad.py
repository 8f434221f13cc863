"""What the browser sends is checked before anything is done with it."""

from typing import Any

import numpy as np
import pytest

from app.components.drawing_pad import MOST_POINTS, MOST_STROKES, strokes_in

POINT = [500, 20.5]


def message(strokes: object) -> dict[str, Any]:
    return {"revision": 1, "strokes": strokes}


def test_strokes_come_as_arrays() -> None:
    strokes = strokes_in(message([[[0, 0], [10.5, 20], [1000, 1000]], [POINT], []]))
    assert [stroke.shape for stroke in strokes] == [(3, 2), (1, 2), (0, 2)]
    assert all(stroke.dtype == np.float64 for stroke in strokes)
    np.testing.assert_array_equal(strokes[0], [[0, 0], [10.5, 20], [1000, 1000]])


def test_as_much_as_is_allowed_is_taken() -> None:
    assert len(strokes_in(message([[POINT]] * MOST_STROKES))) == MOST_STROKES
    assert len(strokes_in(message([[POINT] * MOST_POINTS]))[0]) == MOST_POINTS


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (None, "did not arrive"),
        ("strokes", "did not arrive"),
        ([[POINT]], "did not arrive"),
        ({}, "did not arrive"),
        (message(None), "did not arrive"),
        (message({"0": [POINT]}), "did not arrive"),
        (message("[]"), "did not arrive"),
        ({"revision": "7", "strokes": []}, "without its number"),
        (message([POINT]), "no pair"),
        (message([None]), "no list"),
        (message(["ab"]), "no list"),
        (message([[[1]]]), "no pair"),
        (message([[[1, 2, 3]]]), "no pair"),
        (message([[["1", "2"]]]), "no pair"),
        (message([[[True, False]]]), "no pair"),
        (message([[[1, None]]]), "no pair"),
        (message([[[1, [2]]]]), "no pair"),
        (message([[[1, float("nan")]]]), "no pair"),
        (message([[[float("inf"), 1]]]), "no pair"),
        (message([[[1, -1e300]]]), "no pair"),
        (message([[[1, 10**400]]]), "no pair"),
        (message([[POINT]] * (MOST_STROKES + 1)), "more than 100 strokes"),
        (message([[POINT] * (MOST_POINTS + 1)]), "more than 20,000 points"),
        (message([[POINT] * (MOST_POINTS // 2)] * 3), "more than 20,000 points"),
    ],
)
def test_anything_else_is_refused(bad: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        strokes_in(bad)
