"""The measurements of refusals and of splitting numbers."""

from pathlib import Path

import numpy as np
import pytest

from data.ink import strokes_to_image
from model.classifier import DigitClassifier
from model.reading import Reading, Verdict
from tests.tiny_report import save_always_three, save_strokes
from training.recognition import non_digit_drawings, page_reading, refusals
from training.recognition import number_splitting as numbers
from training.recognition.drawing import DrawnDigit
from training.recognition.non_digit_drawings import SHAPES, by_hand, drawings_by_three_hands, make_non_digits
from training.recognition.number_splitting import SPACINGS, compose, is_split_right, on_pad


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    save_always_three(tmp_path / "three.npz", dataset="mnist")
    save_strokes(tmp_path / "mine.npz", [3, 3, 3, 7])
    return [str(tmp_path / "three.npz"), str(tmp_path / "mine.npz")]


def test_non_digits_are_many_and_no_two_alike() -> None:
    drawings = make_non_digits(13, np.random.default_rng(0))
    assert len(drawings) >= 500
    assert {name for name, _ in drawings} > SHAPES.keys()
    images = [strokes_to_image(strokes) for _, strokes in drawings]
    assert len({image.tobytes() for image in images if image is not None}) == len(drawings)
    again = make_non_digits(13, np.random.default_rng(0))
    assert all(np.array_equal(one[1][0], other[1][0]) for one, other in zip(drawings, again, strict=True))


def test_refusals_are_counted(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(non_digit_drawings, "VARIANTS", 2)
    assert refusals.main(files) == 0
    output = capsys.readouterr().out
    assert "92 non-digit drawings of 46 kinds" in output
    assert "right, if answered   75.00 %" in output


def test_what_is_refused_is_not_counted_as_answered(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two threes, a seven and a blank drawing said to be a three, two of three answers are right."""
    monkeypatch.setattr(non_digit_drawings, "VARIANTS", 1)
    save_strokes(Path(files[1]), [3, 3, 7, 3], blank=(3,))
    assert refusals.main(files) == 0
    assert "right, if answered   66.67 %" in capsys.readouterr().out


def test_a_page_says_a_number_or_refuses(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    long, short = [np.array([[0, 0], [0, 1.0]])], [np.array([[0, 0], [0, 0.1]])]
    refusals.print_page(DigitClassifier.load(files[0]), "known", [("long", long), ("long", long), ("short", short)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-2] for line in lines[1:4]] == ["33.33", "0.00", "66.67"]
    assert lines[4].split("  ")[-1].strip() == "long 2"


def test_non_digits_are_always_the_same_ones() -> None:
    shapes = {name: SHAPES[name] for name in ("A", "plus")}
    once, again = (drawings_by_three_hands(shapes) for _ in range(2))
    assert len(once) == 2 * 3 * 5
    for (name, strokes), (same_name, same_strokes) in zip(once, again, strict=True):
        assert name == same_name
        assert all(np.array_equal(stroke, same) for stroke, same in zip(strokes, same_strokes, strict=True))


def test_a_hand_without_haste_draws_the_shape_itself() -> None:
    one, other = (by_hand(SHAPES["A"], np.random.default_rng(seed), haste=0) for seed in (0, 1))
    assert all(np.array_equal(stroke, same) for stroke, same in zip(one, other, strict=True))
    np.testing.assert_allclose([one[0][0], one[0][-1]], SHAPES["A"][0][::2], atol=0.03)  # but for its round corners


def test_drawings_are_brought_to_the_size_that_people_draw() -> None:
    wide = [np.array([[0.0, 0.0], [8.0, 1.0]]), np.array([[2.0, 2.0]])]
    assert [np.ptp(np.concatenate(on_pad(digit)), axis=0).max() for digit in (wide, [wide[0] * 1000])] == [400, 400]
    np.testing.assert_array_equal(on_pad([wide[1]])[0], wide[1])


def test_split_numbers_are_counted(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "NUMBERS", 5)
    assert numbers.main(files) == 0
    output = capsys.readouterr().out.splitlines()
    assert output[0] == "single     0 of 4 digits wrongly split"
    assert [line.split()[0] for line in output[1:]] == [spacing.name for spacing in SPACINGS]


@pytest.mark.parametrize("command", [refusals.main, numbers.main])
def test_bad_files_are_one_line(command: object, files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(command)
    assert command([files[0], "missing.npz"]) == 2
    assert command(["missing.npz", files[1]]) == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("error: ")) == ("", 2)


def test_a_composed_number_maps_its_points_to_digits() -> None:
    rng = np.random.default_rng(0)
    stroke = np.array([[0.0, 0.0], [30.0, 50.0], [10.0, 100.0]])
    number = compose([[stroke], [stroke, stroke + 5]], SPACINGS[0], rng)
    assert [places.tolist() for _, places in number] == [[0] * 3, [1] * 3, [1] * 3]
    gap = number[1][0][:, 0].min() - number[0][0][:, 0].max()
    assert SPACINGS[0].narrowest * 100 <= gap <= SPACINGS[0].widest * 105

    def split_right(*groups: list[int]) -> bool:
        blank, reading = np.zeros((28, 28), np.uint8), Reading(np.zeros(10, np.float32), Verdict.DIGIT)
        digits = [DrawnDigit([number[i][0] for i in group], blank, reading, (0, 0, 0, 0)) for group in groups]
        return is_split_right(digits, number)

    assert split_right([0], [1, 2])
    assert not split_right([1], [0, 2])
    assert not split_right([0])
    assert not split_right([0, 1], [2])
    assert not split_right([0, 1, 2])
    assert not split_right([1, 2], [0])


def test_two_numbers_and_signs_between_digits_count_as_shown(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    three = Reading(np.eye(10, dtype=np.float32)[3], Verdict.DIGIT)
    point = Reading(np.eye(10, dtype=np.float32)[8], Verdict.NO_DIGIT)
    image = np.zeros((28, 28), np.uint8)
    digits = [
        DrawnDigit([], image, three, (0, 0, 1, 1)),
        DrawnDigit([], image, point, (0, 0, 1, 1), sign="."),
        DrawnDigit([], image, three, (0, 0, 1, 1), line=1),
    ]
    monkeypatch.setattr(refusals, "read_drawing", lambda *_: digits)
    refusals.print_page(DigitClassifier.load(files[0]), "known", [("any", [np.zeros((2, 2))])])
    assert "shown as a number    100.00 %" in capsys.readouterr().out


def test_a_strokes_file_of_one_writer_has_no_other_half(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert page_reading.main(files) == 2
    assert "has one writer" in capsys.readouterr().err
