"""Marks, ruled lines, edges and cuts, on pictures small enough to be drawn by rows and columns."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from data.cuts import MOST_CUTS, Cuts, cut_apart
from data.edges import without_boxes, without_desk, without_edges, without_shades
from data.marks import MOST_MARKS, Marks, find_marks
from data.paper import ink_contrast
from data.parts import Part
from data.ruling import without_ruling


def blank(height: int = 200, width: int = 200) -> np.ndarray:
    return np.zeros((height, width), bool)


@pytest.mark.parametrize("slope", [-0.15, -0.05, 0, 0.05, 0.15])
def test_a_ruled_line_is_removed_whether_it_rises_or_falls(slope: float) -> None:
    mask = blank()
    columns = np.arange(200)
    rows = np.round(100 + slope * (columns - 100)).astype(int)
    mask[rows, columns] = mask[rows + 1, columns] = True
    mask[60:140, 90:96] = True
    left = without_ruling(mask, np.where(mask, np.float32(0.5), np.float32(0)))
    assert not left[:, :80].any()
    assert not left[:, 110:].any()
    assert left[60:140, 90:96].mean() > 0.95


def askew(*lines: list[tuple[int, int]]) -> np.ndarray:
    """A mask `(200, 200)` of lines 2 pixels wide, seen by a camera that was turned by 0.1 and held askew: lines that
    are parallel on paper meet. Corners are in pixels from the centre."""
    canvas = Image.new("1", (200, 200))
    for line in lines:
        x, y = np.array(line, float).T
        x, y = x + 0.1 * y, y - 0.1 * x
        away = 1 + 0.0005 * x - 0.0005 * y
        ImageDraw.Draw(canvas).line(list(np.stack([x / away, y / away], 1).ravel() + 100), fill=1, width=2)
    return np.asarray(canvas)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("apart", [20, 130])
def test_ruled_lines_are_removed_from_a_picture_taken_askew(axis: int, apart: int) -> None:
    ruling = askew(*([(-200, y), (200, y)] for y in range(-80, 81, apart)))
    stroke = blank()
    stroke[60:140, 90:100] = True
    mask = np.moveaxis(ruling, 0, axis) | stroke
    left = without_ruling(mask, np.where(mask, np.float32(0.5), np.float32(0)))
    assert not (left & ~ndimage.binary_dilation(stroke, iterations=2)).any()  # a line may leave the stroke slowly
    assert left[stroke].mean() > 0.95


def test_the_rest_of_a_digit_that_an_edge_runs_through_stays() -> None:
    edge, digit = askew([(-200, 0), (200, 0)]), blank()
    digit[60:140, 60:140] = True
    digit[75:125, 75:125] = False
    left = without_edges(edge | digit)
    assert left[digit].mean() > 0.99
    assert not left[:, :50].any()


def test_a_box_is_removed_from_a_picture_taken_askew() -> None:
    corners = [(-70, -70), (50, -70), (50, 80), (-70, 80), (-70, -70)]
    digit = blank()
    digit[80:120, 90:96] = True
    np.testing.assert_array_equal(without_boxes(askew(corners) | digit), digit)


def test_of_a_sheet_on_a_checked_tablecloth_only_the_ink_is_left() -> None:
    y, x = np.mgrid[:200, :200]
    cloth = (y // 8 + x // 8) % 2 == 1
    sheet = (y > 30 + 0.1 * x) & (y < 160 + 0.1 * x) & (x > 25) & (x < 170)
    digit = blank()
    digit[60:140, 70:130] = True
    digit[65:135, 75:125] = False
    left = without_desk((cloth & ~sheet) | digit)
    assert left[digit].all()
    assert left.sum() < digit.sum() + 20  # dust: the slanted edge cuts corners off dark checks
    cut_off = np.roll(digit, -70, axis=1)  # by the picture's border, of which it covers little
    np.testing.assert_array_equal(without_desk(cut_off), cut_off)


def test_ink_has_lighter_paper_on_both_sides_and_the_edge_of_a_shade_has_not() -> None:
    y, x = np.mgrid[:200, :200]
    into_shadow = 60 + 0.2 * y - x  # a shadow with a slanted edge, the darkest there
    grey = np.where(into_shadow > 0, 0.4 + 0.001 * into_shadow, 0.9).astype(np.float32)
    stroke, rest = blank(), blank()
    stroke[90:94, 40:160] = True  # from the shadow into the light
    stroke[:4, 120:160] = True  # half cut off by the border
    grey[stroke] *= 0.2
    for top in range(20, 180, 40):  # what an estimate of the paper may take for ink
        rest[top : top + 30] = ((into_shadow > 0) & (into_shadow < 10))[top : top + 30]
    rest &= ~ndimage.binary_dilation(stroke, iterations=8)
    contrast = np.where(stroke, 0.8, np.where(rest, 0.5, 0)).astype(np.float32)
    np.testing.assert_array_equal(without_shades(stroke | rest, grey, contrast), stroke)
    np.testing.assert_array_equal(without_shades(rest, grey, contrast), rest)


def test_a_shadow_is_paper_up_to_its_edge() -> None:
    """A straight edge at any angle; a round one but for slivers beside an octagon with sides of 55 pixels: 2.5 pixels
    wide at most, at three of its sides."""
    y, x = np.mgrid[:400, :400]
    for dark, slivers in ((x < 150 + 0.1 * y, 0), (x + y < 250, 0), (np.hypot(x - 200, y) < 150, 3 * 2.5 * 55 * 2)):
        contrast, _ = ink_contrast(np.where(dark, np.float32(0.5), np.float32(0.9)))
        assert (contrast > 0.1).sum() <= slivers


def test_ink_on_a_ruled_line_stays_because_it_is_darker() -> None:
    mask = blank()
    mask[100:102] = True
    contrast = np.where(mask, np.float32(0.3), np.float32(0))
    contrast[100:102, 90:110] = 0.9  # a minus, as thin as the line itself
    expected = blank()
    expected[100:102, 90:110] = True
    np.testing.assert_array_equal(without_ruling(mask, contrast), expected)


@pytest.mark.parametrize("turns", range(4))
def test_a_box_is_removed_also_where_the_border_cuts_off_a_side(turns: int) -> None:
    mask = blank()
    mask[40:160, :150] = True
    mask[43:157, :147] = False
    digit = blank()
    digit[80:120, 70:76] = True
    left = without_boxes(np.rot90(mask | digit, turns))
    np.testing.assert_array_equal(np.rot90(left, -turns), digit)


def test_a_line_that_starts_at_the_border_is_an_edge_unless_there_is_nothing_else() -> None:
    edge, digit = blank(), blank()
    edge[60:64, :70] = True
    digit[80:120, 100:106] = True
    np.testing.assert_array_equal(without_edges(edge | digit), digit)
    np.testing.assert_array_equal(without_edges(edge), edge)


def test_of_too_many_marks_the_largest_are_kept() -> None:
    grey = np.ones((800, 800), np.float32)
    sides = np.random.default_rng(0).permutation(np.repeat([8, 16], [100, 125]))
    for place, side in enumerate(sides):
        y, x = 40 + 50 * (place // 15), 40 + 50 * (place % 15)
        grey[y : y + side, x : x + side] = 0
    marks = find_marks(grey)
    assert marks is not None
    areas = np.sort(np.bincount(marks.labels.ravel())[1:])
    assert marks.count == len(areas) == MOST_MARKS
    assert (areas > 100).sum() == 125


def test_the_ink_of_a_part_holds_none_of_its_neighbour() -> None:
    labels, ink = np.zeros((40, 50), np.int32), np.full((40, 50), 0.1, np.float32)
    labels[20:32, 10:30] = 1
    ink[labels == 1] = 1
    cuts = Cuts(Marks(ink, labels, 1, 3.0, (0, 0)))
    cuts.pieces[1] = np.repeat(np.arange(2, dtype=np.int32), 10)[np.newaxis].repeat(12, axis=0)
    for piece in (0, 1):
        own = cuts.ink_of(Part(((1, piece, piece + 1),), 0, 0, 1, 1))
        assert (own == 1).sum() == 12 * 10
        assert (own == np.float32(0.1)).sum() == 16 * 14 - 12 * 12  # soft edges around it, but not in its neighbour


def test_a_cut_crosses_lines_and_never_runs_along_them() -> None:
    """Two thick stems on one bar: the bar is cut, and no stem is split lengthwise."""
    stems = np.zeros((60, 90), bool)
    stems[:, 10:24] = stems[:, 66:80] = stems[28:36, 10:80] = True
    pieces = cut_apart(stems, 8.0)
    for stem in (slice(10, 24), slice(66, 80)):
        assert len(np.unique(pieces[:26, stem][stems[:26, stem]])) == 1
    assert pieces[0, 10] != pieces[0, 70]


def test_a_cut_may_leave_a_piece_that_is_too_low_for_a_digit() -> None:
    """A bar that crosses a stem, as in a four, and touches another: its end is a piece of its own."""
    stems = np.zeros((60, 80), bool)
    stems[:, 24:30] = stems[:, 70:76] = stems[30:36, :76] = True
    pieces = cut_apart(stems, 6.0)
    heights = [np.ptp(np.flatnonzero((stems & (pieces == piece)).any(axis=1))) + 1 for piece in np.unique(pieces)]
    assert heights[0] == 6
    assert sum(height == 60 for height in heights) == 2


def test_the_number_of_cuts_is_limited() -> None:
    """Ten rings, as wide as digits, on one thin line."""
    ring = np.ones((60, 40), bool)
    ring[6:-6, 6:-6] = False
    rings = np.tile(np.pad(ring, ((0, 0), (0, 20))), 10)[:, :-20]
    rings[30:33] = True
    pieces = cut_apart(rings, 6.0)
    assert np.unique(pieces).tolist() == list(range(MOST_CUTS + 1))


def test_a_box_alone_is_no_blank_page() -> None:
    """It may be what was written; what it is not is nothing."""
    mask = np.zeros((300, 300), bool)
    mask[100:200, 100:200] = True
    mask[102:198, 102:198] = False
    assert (without_boxes(mask) == mask).all()
