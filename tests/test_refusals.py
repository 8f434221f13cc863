"""The measurements of refusals and of splitting numbers."""

from pathlib import Path

import numpy as np
import pytest

from data.ink import strokes_to_image
from model.reading import Reading, Verdict
from tests.tiny_report import save_always_three, save_strokes
from training.recognition import non_digit_drawings, refusals
from training.recognition import number_splitting as numbers
from training.recognition.drawing import DrawnDigit
from training.recognition.non_digit_drawings import SHAPES, make_non_digits
from training.recognition.number_splitting import SPACINGS, compose, is_split_right


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
    assert "88 non-digit drawings of 44 kinds" in output
    assert "right, if answered   75.00 %" in output


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
    assert not split_right([0, 1], [2])
    assert not split_right([0, 1, 2])
    assert not split_right([1, 2], [0])
