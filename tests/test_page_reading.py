"""Synthetic pages: marks are found without the trouble and with the digit's ink whole; readings are counted."""

import dataclasses
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PIL.JpegImagePlugin import JpegImageFile
from scipy import ndimage

from data.cuts import Cuts
from data.marks import find_marks
from data.paper import ink_contrast
from data.parts import Part
from data.pictures import open_picture
from data.ruling import without_ruling
from data.strokes import Strokes
from model.classifier import DigitClassifier
from model.reading import Reading, Verdict
from tests.drawings import DIGITS
from tests.tiny_report import save_always_three, save_strokes
from training.recognition import page_reading, picture
from training.recognition.drawing import DrawnDigit
from training.recognition.pages import PENS, Pen, make_page, seen_askew, written
from training.recognition.picture import read_picture
from training.recognition.text import as_text
from training.recognition.troubles import TUNED, cell_edges, faint_on_one_side, frame

ZERO, ONE, TWO, SIX = ([np.array(stroke, float) for stroke in DIGITS[digit]] for digit in (0, 1, 2, 6))
TOUCHING = Pen((0.05, 0.05), (0.1, 0.1, 0.1))


def moved(strokes: Strokes, x: float, y: float) -> Strokes:
    return [stroke + np.array([x, y]) for stroke in strokes]


def holes(ink: np.ndarray) -> int:
    """The number of holes: patches of paper surrounded by ink, without those as small as the paper's grain."""
    patches, _ = ndimage.label(np.pad(ink < 0.4, 1, constant_values=True))
    return int((np.bincount(patches.ravel())[1:] > 100).sum()) - 1


def uncut(cuts: Cuts) -> list[Part]:
    """A part for each mark."""
    marks: dict[int, Part] = {}
    for part in cuts.parts():
        (number,) = part.wholes
        marks[number] = marks[number] + part if number in marks else part
    return list(marks.values())


@pytest.mark.parametrize("trouble", [*TUNED, "cell edges", "blur", "JPEG 10"])
@pytest.mark.parametrize("pen", ["biro", "felt", "pencil"])
@pytest.mark.parametrize("tilted", [False, True])
def test_no_trouble_breaks_a_zero_or_leaves_other_marks(trouble: str, pen: str, tilted: bool) -> None:
    for seed in range(3):
        content = make_page(ZERO, 72, PENS[pen], trouble, np.random.default_rng(seed), tilted)
        marks = find_marks(open_picture(content))
        assert marks is not None
        cuts = Cuts(marks)
        low = 40 if trouble == "underline" else 5  # an underline is a mark: a sign, if it is long and low
        kept = [part for part in uncut(cuts) if part.height > low]
        assert len(kept) == 1, f"seed {seed}"
        assert holes(cuts.ink_of(kept[0])) == 1, f"seed {seed}"


@pytest.mark.parametrize("seed", [1, 2])
def test_two_lines_of_which_each_is_seen_by_itself_are_found_together(seed: int) -> None:
    """Beside a thick 0, two ruled lines and slopes that fit one of them only."""
    grey = open_picture(make_page(ZERO, 72, PENS["felt"], "ruled", np.random.default_rng(seed), tilted=True))
    contrast, _ = ink_contrast(grey)
    mask = contrast > 0.1
    assert mask[:, :100].any(axis=0).all()
    assert not without_ruling(mask, contrast)[:, :100].any()


@pytest.mark.parametrize("paper", ["ruled", "squared"])
@pytest.mark.parametrize("pen", ["biro", "felt", "pencil"])
def test_a_decimal_point_stays_and_no_line_or_crossing_does(paper: str, pen: str) -> None:
    """0.6: three marks, on paper whose lines the digits stand on, and of whose squares there are many."""
    point = np.array([[95.0, 84], [96, 86]])
    strokes = [*ZERO, point, *moved(SIX, 80, 0)]
    for seed in range(6):
        marks = find_marks(open_picture(make_page(strokes, 72, PENS[pen], paper, np.random.default_rng(seed))))
        assert marks is not None
        heights = sorted(part.height / marks.pen_width for part in uncut(Cuts(marks)))
        assert len(heights) == 3, f"seed {seed}"
        assert heights[0] < 2 < heights[1], f"seed {seed}"


def test_a_decimal_point_that_nearly_touches_a_digit_is_a_mark_of_its_own() -> None:
    """A fifth of the pen's width apart. As near to each other, the two halves of a line are one mark."""
    pen = Pen((0.14, 0.14), (0.1, 0.1, 0.1))
    near = 1.2 * 0.14 * 72
    line, point = np.array([[50.0, 14], [50, 86]]), np.array([[50 + near, 85], [50 + near, 86]])
    for strokes, count in ([line, point, *moved(SIX, 60, 0)], 3), ([line[:, ::-1], line[:, ::-1] + [72 + near, 0]], 1):
        marks = find_marks(open_picture(make_page(strokes, 72, pen, "clean", np.random.default_rng(0))))
        assert marks is not None
        assert marks.count == count


@pytest.mark.parametrize("pen", ["chalk", "light on dark", "coloured paper"])
def test_ink_is_found_on_dark_and_on_coloured_paper(pen: str) -> None:
    content = make_page(SIX, 72, PENS[pen], "clean", np.random.default_rng(0))
    marks = find_marks(open_picture(content))
    assert marks is not None
    assert (marks.count, holes(marks.ink)) == (1, 1)


def test_the_box_of_a_page_bounds_its_ink() -> None:
    cover, (left, top, right, bottom) = written(ZERO, 6, np.random.default_rng(0))
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    np.testing.assert_allclose([left, top, right, bottom], [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], atol=2)


def test_lines_of_a_page_seen_askew_are_turned_and_meet() -> None:
    page = np.ones((400, 400, 3))
    page[[100, 300]] = 0
    slopes = []
    for seed in range(20):
        seen = seen_askew(page, np.random.default_rng(seed))[..., 0]
        upper, lower = (
            seen[rows, 350].argmin() - seen[rows, 50].argmin() for rows in (slice(40, 200), slice(200, 360))
        )
        slopes.append((upper / 300, lower / 300))
    turned = np.mean(slopes, axis=1)
    assert -0.1 < turned.min() < -0.03
    assert 0.1 > turned.max() > 0.03
    assert 0.1 > np.abs(np.diff(slopes)).max() > 0.03


def test_a_jpeg_is_of_the_quality_that_its_name_says() -> None:
    content = make_page(ZERO, 72, PENS["felt"], "JPEG 10", np.random.default_rng(0))
    with Image.open(BytesIO(content)) as image:
        assert isinstance(image, JpegImageFile)
        assert image.quantization[0][0] == 80  # the standard's 16, times 5 at quality 10


def test_a_rough_pen_leaves_gaps() -> None:
    smooth = dataclasses.replace(PENS["pencil"], roughness=0.0)
    pages = [make_page(ZERO, 72, pen, "clean", np.random.default_rng(0)) for pen in (PENS["pencil"], smooth)]
    rough_ink, whole_ink = ((1 - open_picture(page)).clip(0.3).sum() for page in pages)
    assert rough_ink < whole_ink


def test_edges_are_on_the_sides_that_they_are_said_to_be_on() -> None:
    page = np.ones((60, 80, 3))
    corners = {"left": (30, 0), "top": (0, 40), "right": (30, 79), "bottom": (59, 40)}
    rng = np.random.default_rng(0)
    assert [frame(page, (0, 0, 1, 1), rng)[place].max() < 0.9 for place in corners.values()] == [True] * 4
    sides = [[cell_edges(page, (0, 0, 1, 1), rng)[place].max() < 0.9 for place in corners.values()] for _ in range(20)]
    assert {sum(dark) for dark in sides} == {1, 2, 3, 4}


def test_ink_is_faint_on_one_side_alone() -> None:
    cover = faint_on_one_side(np.ones((50, 50)), (0, 0, 49, 49), np.random.default_rng(0))
    assert cover.min() < 0.4
    assert cover.max() > 0.95


def test_touching_digits_are_cut_where_a_cut_crosses_little_ink(tmp_path: Path) -> None:
    """Two zeros whose lines touch: two pieces, each with its hole."""
    second = moved(ZERO, 48.5, 0)
    content = make_page([*ZERO, *second], 72, TOUCHING, "clean", np.random.default_rng(0))
    marks = find_marks(open_picture(content))
    assert marks is not None
    assert marks.count == 1
    cuts = Cuts(marks)
    parts = sorted(cuts.parts(), key=lambda part: part.left)
    middle = (min(part.left for part in parts) + max(part.right for part in parts)) / 2
    halves = [[part for part in parts if (part.left + part.right < 2 * middle) == left] for left in (True, False)]
    assert [holes(cuts.ink_of(sum(half[1:], half[0]))) for half in halves] == [1, 1]


def page_of(strokes: list[Any]) -> Image.Image:
    """Strokes of places on a pad of 100 × 100, drawn with a thin pen."""
    page = Image.new("L", (500, 400), 255)
    for stroke in strokes:
        ImageDraw.Draw(page).line([(50 + x, 100 + 2 * y) for x, y in stroke], fill=0, width=9, joint="curve")
    return page


@pytest.mark.parametrize("pair", [(3, 3), (7, 9), (4, 4), (0, 9)], ids=str)
def test_narrow_digits_that_touch_are_read_as_two(pair: tuple[int, int]) -> None:
    first, second = ([np.array(stroke) * (1.5, 1) for stroke in DIGITS[digit]] for digit in pair)
    gap = np.concatenate(first)[:, 0].max() - np.concatenate(second)[:, 0].min() + 4  # the pen is 9 wide
    content = page_of([*first, *moved(second, gap, 0)])
    assert as_text(read_picture(DigitClassifier.load("best"), content)) == "".join(map(str, pair))


def test_a_digit_cut_off_another_is_only_believed_if_it_is_nearly_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    three = [np.array(stroke) * (1.5, 1) for stroke in DIGITS[3]]
    width = np.ptp(np.concatenate(three)[:, 0])
    touching, apart = (page_of([*three, *moved(three, width + gap, 0)]) for gap in (4, 40))
    best = DigitClassifier.load("best")
    assert [as_text(read_picture(best, page)) for page in (touching, apart)] == ["33", "33"]
    monkeypatch.setattr(picture, "SURE_OF_A_SLICE", 1.1)  # more than any is
    assert [as_text(read_picture(best, page)) for page in (touching, apart)] == ["??", "33"]


def test_a_slice_of_a_letter_is_no_one() -> None:
    content = page_of([[(90, 10), (90, 90)], [(240, 10), (240, 90)], [(90, 50), (240, 50)]])  # a wide H
    assert as_text(read_picture(DigitClassifier.load("best"), content)) == "This does not look like a digit"


def test_a_number_is_read_from_left_to_right_and_lines_from_the_top(tmp_path: Path) -> None:
    """The network reads every digit as a 3, so only the number of digits and their places are tested."""
    classifier = DigitClassifier.load(save_always_three(tmp_path / "three.npz"))
    upper = [*ONE, *moved(TWO, 60, 0)]
    lower = moved(SIX, 30, 110)
    content = make_page([*lower, *upper], 72, PENS["biro"], "hard shadow", np.random.default_rng(1))
    digits = read_picture(classifier, content)
    assert as_text(digits) == "33\n3"
    assert digits[0].box[0] < digits[1].box[0]
    assert max(digits[0].box[3], digits[1].box[3]) < digits[2].box[1]


@pytest.mark.parametrize("pen", ["biro", "felt", "pencil"])
def test_an_underline_is_not_read(tmp_path: Path, pen: str) -> None:
    """Under a minus and a digit, and under a line that is narrower than the underline: never a sign or a digit."""
    classifier = DigitClassifier.load(save_always_three(tmp_path / "three.npz"))
    minus = np.array([[-30.0, 50], [10, 50]])
    for strokes, text in ([minus, *ONE], "−3"), ([*TWO, *moved(SIX, 80, 0), *moved(ONE, 40, 130)], "33\n3"):
        for seed in range(6):
            content = make_page(strokes, 72, PENS[pen], "underline", np.random.default_rng(seed))
            assert as_text(read_picture(classifier, content)) == text, f"seed {seed}"


def test_a_speck_is_not_a_digit(tmp_path: Path) -> None:
    classifier = DigitClassifier.load(save_always_three(tmp_path / "three.npz"))
    page = np.full((300, 300), 240, np.uint8)
    assert read_picture(classifier, page) == []
    page[140:152, 140:152] = 20
    (digit,) = read_picture(classifier, page)
    assert digit.reading.verdict is Verdict.NO_DIGIT


def digit(verdict: Verdict) -> DrawnDigit:
    reading = Reading(np.eye(10, dtype=np.float32)[3], verdict)
    return DrawnDigit([], np.zeros((28, 28), np.uint8), reading, (0, 0, 1, 1))


@pytest.mark.parametrize(
    ("verdicts", "text", "outcome"),
    [
        ([Verdict.DIGIT], "3", "right"),
        ([Verdict.DIGIT], "8", "wrong"),
        ([Verdict.UNSURE], "3", "unsure"),
        ([Verdict.NO_DIGIT], "3", "refused"),
        ([], "3", "refused"),
        ([Verdict.DIGIT, Verdict.NO_DIGIT], "38", "unsure"),
        ([Verdict.DIGIT, Verdict.DIGIT], "333", "wrong"),
    ],
)
def test_outcome_of_a_reading(verdicts: list[Verdict], text: str, outcome: str) -> None:
    assert page_reading.outcome([digit(verdict) for verdict in verdicts], text) == outcome


@pytest.mark.parametrize(("option", "labels"), [(["--tune"], [3, 4]), ([], [7, 8])])
def test_thresholds_are_chosen_on_other_writers_than_are_measured(
    option: list[str], labels: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, strokes = save_always_three(tmp_path / "three.npz"), save_strokes(tmp_path / "mine.npz", [3, 7, 8, 4])
    with np.load(strokes) as file:
        np.savez(strokes, **{**file, "writer": np.array([0, 1, 1, 0])})
    used: list[int] = []

    def no_kind(_: DigitClassifier, writers: page_reading.Writers, tune: bool) -> list[Any]:
        used.extend(writers.labels)
        return []

    monkeypatch.setattr(page_reading, "kinds", no_kind)
    assert page_reading.main([str(weights), str(strokes), *option]) == 0
    assert used == labels


def test_the_command_counts_every_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights, strokes = save_always_three(tmp_path / "three.npz"), save_strokes(tmp_path / "mine.npz", [3, 3, 3, 7])
    assert page_reading.main([str(weights), str(tmp_path / "missing.npz")]) == 2
    with np.load(strokes) as file:
        np.savez(strokes, **{**file, "writer": np.array([0, 0, 1, 1])})
    capsys.readouterr()
    assert page_reading.main([str(weights), str(strokes), "--pages", "1", "--tune"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == list(page_reading.OUTCOMES)
    assert len(lines) == 1 + 2 * len(TUNED) + len(PENS) + 9 + 6
    assert all("100.00 %" in line for line in lines[1:])


def test_a_line_far_wider_than_ten_digits_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its small copy would have thousands of columns, and a cut at every other one."""
    page = np.full((300, 400), 255, np.uint8)
    page[150:153, 60:340] = 0
    marks = find_marks(open_picture(page))
    assert marks is not None
    monkeypatch.delattr("data.cuts.cut_apart")
    assert len(Cuts(marks).parts()) == 1
