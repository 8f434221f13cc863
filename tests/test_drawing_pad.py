"""Validation of the messages from the browser."""

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


def test_the_largest_allowed_drawing_is_accepted() -> None:
    assert len(strokes_in(message([[POINT]] * MOST_STROKES))) == MOST_STROKES
    assert len(strokes_in(message([[POINT] * MOST_POINTS]))[0]) == MOST_POINTS


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (None, "unknown form"),
        ("strokes", "unknown form"),
        ([[POINT]], "unknown form"),
        ({}, "unknown form"),
        (message(None), "unknown form"),
        (message({"0": [POINT]}), "unknown form"),
        (message("[]"), "unknown form"),
        ({"revision": "7", "strokes": []}, "without a valid revision"),
        (message([POINT]), "not a pair"),
        (message([None]), "not a list"),
        (message(["ab"]), "not a list"),
        (message([[[1]]]), "not a pair"),
        (message([[[1, 2, 3]]]), "not a pair"),
        (message([[["1", "2"]]]), "not a pair"),
        (message([[[True, False]]]), "not a pair"),
        (message([[[1, None]]]), "not a pair"),
        (message([[[1, [2]]]]), "not a pair"),
        (message([[[1, float("nan")]]]), "not a pair"),
        (message([[[float("inf"), 1]]]), "not a pair"),
        (message([[[1, -1e300]]]), "not a pair"),
        (message([[[1, 10**400]]]), "not a pair"),
        (message([[POINT]] * (MOST_STROKES + 1)), "more than 100 strokes"),
        (message([[POINT] * (MOST_POINTS + 1)]), "more than 20,000 points"),
        (message([[POINT] * (MOST_POINTS // 2)] * 3), "more than 20,000 points"),
    ],
)
def test_anything_else_is_refused(bad: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        strokes_in(bad)
