"""Strokes are split into digits by their position, and by the classifier's certainty where that leaves a choice."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from data.lines import split_lines
from data.parts import Part
from data.segmentation import segment_parts
from data.strokes import Strokes, parts_of, strokes_of
from tests.drawings import segment

ONE = [np.array([[0, 0], [0, 50], [0, 100]], float)]
ZERO = [np.stack([30 - 30 * np.cos(t := np.linspace(0, 2 * np.pi, 40)), 50 - 50 * np.sin(t)], axis=1)]
RINGS = [np.stack([20 - 20 * np.cos(t), y - 25 * np.sin(t)], axis=1) for y in (25, 75)]
FOUR = [np.array([[20, 0], [0, 60], [48, 60]], float), np.array([[50, 10], [50, 100]], float)]
FIVE = [np.array([[5, 5], [5, 50], [40, 55], [45, 80], [30, 100], [0, 95]], float), np.array([[10, 0], [60, 0]], float)]
HALVES = [np.array([[40, 0], [0, 50], [40, 100]], float), np.array([[15, 0], [60, 50], [15, 100]], float)]
SEVEN = [np.array([[0, 0], [60, 0], [20, 100]], float), np.array([[15, 50], [55, 50]], float)]


def beside(*digits: Strokes, gap: float = 30) -> Strokes:
    """The digits in a line, `gap` apart."""
    strokes: Strokes = []
    for digit in digits:
        left = max((stroke[:, 0].max() for stroke in strokes), default=0.0)
        move = np.array([left + gap - min(stroke[:, 0].min() for stroke in digit), 0])
        strokes += [stroke + move for stroke in digit]
    return strokes


def not_asked(groups: list[Strokes]) -> list[float]:
    raise AssertionError("the geometry leaves no choice here")


def sizes(groups: list[Strokes]) -> list[int]:
    return [len(group) for group in groups]


def test_without_a_point_there_is_no_digit() -> None:
    assert segment([], not_asked) == []
    assert segment([np.empty((0, 2))], not_asked) == []


@pytest.mark.parametrize("digit", [ONE, ZERO, HALVES, RINGS, FOUR, FIVE, SEVEN], ids=list("1008457"))
@pytest.mark.parametrize("scale", [0.001, 1, 1000])
def test_a_digit_of_several_strokes_stays_whole(digit: Strokes, scale: float) -> None:
    strokes = [scale * stroke for stroke in digit]
    (group,) = segment(strokes, not_asked)
    assert len(group) == len(strokes)
    assert all(any(np.array_equal(stroke, other) for other in group) for stroke in strokes)


def test_digits_side_by_side_are_split_from_left_to_right_in_any_order_of_strokes() -> None:
    strokes = beside(FIVE, ONE, FOUR, ZERO, SEVEN, RINGS)
    for order in (strokes, strokes[::-1]):
        groups = segment(order, not_asked)
        assert sizes(groups) == [2, 1, 2, 1, 2, 2]
        lefts = [min(stroke[:, 0].min() for stroke in group) for group in groups]
        assert lefts == sorted(lefts)


def test_where_strokes_stand_close_the_classifier_decides() -> None:
    strokes = beside(ZERO, ONE, gap=2)

    def likes(wanted: int) -> Callable[[list[Strokes]], list[float]]:
        return lambda groups: [0.99999 if len(group) == wanted else 0.5 for group in groups]

    assert sizes(segment(strokes, likes(1))) == [1, 1]
    assert sizes(segment(strokes, likes(2))) == [2]


def test_two_possible_digits_are_joined_only_if_that_is_clearly_better() -> None:
    strokes = beside(ZERO, ONE, gap=2)
    assert sizes(segment(strokes, lambda groups: [0.95 if len(group) == 2 else 0.9 for group in groups])) == [1, 1]


def test_the_least_certain_digit_decides() -> None:
    strokes = beside(ZERO, ZERO, ZERO, gap=2)
    middle = strokes[1]

    def reader(groups: list[Strokes]) -> list[float]:
        return [0.01 if len(group) == 1 and np.array_equal(group[0], middle) else 0.99 for group in groups]

    assert sorted(sizes(segment(strokes, reader))) == [1, 2]


def test_a_stroke_that_joins_two_digits_is_cut_at_its_ligature() -> None:
    one, zero = beside([ONE[0] + [[20, 0], [10, 0], [0, 0]]], ZERO, gap=40)
    joined = np.concatenate([one, np.linspace(one[-1], zero[0], 12)[1:-1], zero])
    groups = segment([joined], lambda groups: [0.9 if np.ptp(group[0][:, 0]) < 70 else 0.1 for group in groups])
    assert sizes(groups) == [1, 1]
    np.testing.assert_array_equal(groups[0][0][: len(one)], one)
    np.testing.assert_array_equal(groups[1][0][-len(zero) + 1 :], zero[1:])
    (whole,) = segment([joined], lambda groups: [0.1 if np.ptp(group[0][:, 0]) < 70 else 0.9 for group in groups])
    np.testing.assert_array_equal(whole[0], joined)


def test_the_pieces_of_a_stroke_give_it_back_in_any_order() -> None:
    stroke = np.arange(20.0).reshape(10, 2)
    pieces = ((0, 6, 10), (0, 0, 4))  # as where another stroke lies over both
    (whole,) = strokes_of(Part(pieces, 0, 1, 18, 19), [stroke])
    np.testing.assert_array_equal(whole, stroke)


@pytest.mark.parametrize(
    "strokes",
    [
        [np.array([[5.0, 5.0]])],
        [np.array([[0.0, 0.0], [100.0, 0.0]])],
        [np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 0.0]])],
    ],
    ids=["dot", "dash", "dots in one place"],
)
def test_strokes_without_height_are_one_group(strokes: Strokes) -> None:
    assert len(segment(strokes, lambda groups: [0.5] * len(groups))) == 1


def test_no_stroke_is_lost_except_flat_ones_that_may_be_underlines() -> None:
    rng = np.random.default_rng(0)
    for count in rng.integers(1, 40, 100):
        sizes_of_strokes = rng.integers(1, 9, count)
        strokes = [rng.uniform(0, 1000, 2) + rng.normal(0, 60, (size, 2)) for size in sizes_of_strokes]
        groups = segment(strokes, lambda groups: rng.random(len(groups)))
        tallest = max(np.ptp(stroke[:, 1]) for stroke in strokes)
        back = {point.tobytes() for group in groups for stroke in group for point in stroke}
        gone = [stroke for stroke in strokes if not {point.tobytes() for point in stroke} & back]
        assert all(np.ptp(stroke[:, 1]) <= 0.25 * tallest for stroke in gone)
        assert len(gone) <= 3
        points = {tuple(point) for group in groups for stroke in group for point in stroke}
        assert points <= {tuple(point) for stroke in strokes for point in stroke}


def signs(strokes: Strokes) -> list[tuple[int, str]]:
    """The line and sign of each digit or sign, by a classifier that finds every group equally certain."""
    found = segment_parts(parts_of(strokes), lambda parts: [0.9] * len(parts))
    return [(sign.line, sign.sign) for sign in found]


DOT, DASH = [np.array([[0, 0], [3, 2]], float)], [np.array([[0, 0], [40, 2]], float)]
AT_FOOT, IN_THE_MIDDLE = np.array([0, 97]), np.array([0, 50])


def moved(strokes: Strokes, by: np.ndarray) -> Strokes:
    return [stroke + by for stroke in strokes]


def test_a_digit_may_have_many_pieces_of_few_marks() -> None:
    """A mark cut into three pieces, and one into two, that are one digit together."""
    parts = [
        Part(((mark, piece, piece + 1),), left, top=0, right=left + 20, bottom=100)
        for mark, piece, left in ((0, 0, 0), (0, 1, 22), (0, 2, 44), (1, 0, 66), (1, 1, 88))
    ]
    found = segment_parts(parts, lambda groups: [0.99 if len(group.pieces) == 5 else 0.5 for group in groups])
    assert [len(sign.part.pieces) for sign in found] == [5]


def test_parts_of_one_stroke_are_in_one_line() -> None:
    """However far above each other: a cut leaves the upper half of a digit in one part, and the lower in another."""
    upper = Part(((0, 0, 10),), left=0, top=0, right=40, bottom=49)
    lower = Part(((0, 10, 20),), left=50, top=51, right=90, bottom=100)
    stranger = replace(lower, pieces=((1, 0, 10),))
    assert len(split_lines([upper, lower], unit=100)) == 1
    assert len(split_lines([upper, stranger], unit=100)) == 2


def test_a_point_and_a_minus_are_signs_beside_digits() -> None:
    point, minus = moved(DOT, AT_FOOT), moved(DASH, IN_THE_MIDDLE)
    assert signs(beside(ZERO, point, ONE)) == [(0, ""), (0, "."), (0, "")]
    assert signs(beside(minus, SEVEN)) == [(0, "−"), (0, "")]
    assert signs(beside(minus, ZERO, point, FIVE)) == [(0, "−"), (0, ""), (0, "."), (0, "")]


def test_a_small_ring_is_no_minus() -> None:
    ring = [0.2 * stroke + [0, 40] for stroke in ZERO]
    ring[0][:, 0] *= 1.7  # 20 wide, 20 high
    assert signs(beside(ring, SEVEN, ONE)) == [(0, "?"), (0, ""), (0, "")]


def test_a_comma_reaches_below_the_line() -> None:
    comma = [np.array([[8, 90], [0, 115]], float)]
    assert signs(beside(ZERO, comma, ONE)) == [(0, ""), (0, ","), (0, "")]
    assert signs(beside(ZERO, moved(comma, np.array([0, -16])), ONE)) == [(0, ""), (0, "?"), (0, "")]


def test_an_unknown_sign_is_not_dropped() -> None:
    equals = moved(DASH, np.array([0, 35])) + moved(DASH, np.array([0, 65]))
    assert signs(beside(ZERO, equals)) == [(0, ""), (0, "?")]
    assert signs(beside(ZERO, moved(DOT, IN_THE_MIDDLE))) == [(0, ""), (0, "?")]


def test_a_shape_with_a_dot_above_or_inside_is_not_a_digit() -> None:
    assert signs([*ONE, *moved(DOT, np.array([0, -40]))]) == [(0, "?")]
    assert signs([*ZERO, *moved(DOT, np.array([28, 50]))]) == [(0, "?")]


def test_the_bar_of_a_five_is_not_a_sign() -> None:
    bar_apart = [FIVE[0], FIVE[1] + [5, -8]]
    assert signs(bar_apart) == [(0, "")]


def test_lines_are_read_from_the_top_and_an_underline_is_not_a_sign() -> None:
    below = np.array([0, 140])
    lines = [*beside(FIVE, ONE), *moved(beside(ZERO, SEVEN, ONE), below)]
    for order in (lines, lines[::-1]):
        assert [line for line, _ in signs(order)] == [0, 0, 1, 1, 1]
    longer_above = [*beside(FIVE, ONE, ZERO), *moved(beside(SEVEN, ONE), below)]
    assert [line for line, _ in signs(longer_above)] == [0, 0, 0, 1, 1]
    underline = [np.array([[20, 112], [160, 110]], float)]
    assert signs([*beside(FIVE, ONE), *underline]) == [(0, ""), (0, "")]


def test_pieces_of_one_mark_may_be_one_digit_however_many_there_are() -> None:
    """A wide zero has many places where a cut would cross little ink."""
    parts = [Part(((7, i, i + 1),), 20 * i, 0, 20 * i + 15, 100) for i in range(6)]
    signs = segment_parts(parts, lambda groups: [0.99 if len(group.pieces) == 6 else 0.01 for group in groups])
    assert [len(sign.part.pieces) for sign in signs] == [6]


def test_a_digit_of_many_strokes_leaves_its_neighbour_apart() -> None:
    """A stroke drawn five times over is one part."""
    again = [stroke + 2 * i for i in range(5) for stroke in SEVEN[:1]]
    assert sizes(segment(beside(again, ONE, gap=4), lambda groups: np.full(len(groups), 0.9))) == [5, 1]


def test_what_could_be_divided_in_thousands_of_ways_is_not_divided() -> None:
    """Five lines of one long scribble each, cut into thirty pieces."""
    parts = [
        Part(((line, i, i + 1),), 10 * i, 200 * line, 10 * i + 9, 200 * line + 100)
        for line in range(5)
        for i in range(30)
    ]

    def not_asked_either(groups: list[Part]) -> list[float]:
        raise AssertionError(f"{len(groups)} images would be read")

    assert [len(sign.part.pieces) for sign in segment_parts(parts, not_asked_either)] == [30] * 5
