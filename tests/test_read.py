"""Reading many pictures: a row for each file, whatever is in it."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data.datasets import Dataset
from model.classifier import DigitClassifier
from model.reading import Reading, Verdict
from training.cluster import each
from training.files import PROJECT
from training.read import PIXELS, main, picture_files
from training.recognition.drawing import DrawnDigit
from training.recognition.picture_files import read_file, read_pictures

COUNT = 8


def save_pictures(folder: Path, digits: Dataset, count: int = COUNT) -> list[Path]:
    """Digits as dark ink on white paper, the last in a folder below."""
    (folder / "below").mkdir(parents=True)
    files = [folder / f"{number:04}.png" for number in range(count - 1)] + [folder / "below/last.JPG"]
    for file, image in zip(files, digits.test_images, strict=False):
        paper = np.pad(255 - image, 20, constant_values=255)
        Image.fromarray(paper).resize((204, 204)).save(file)
    return files


@pytest.fixture
def folder(tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    save_pictures(tmp_path / "scans", digits)
    return Path("scans")


def table(file: str) -> list[dict[str, str]]:
    with open(file, newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_a_folder_becomes_a_table(folder: Path, digits: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scans", "--output", "rows.csv"]) == 0
    rows = table("rows.csv")
    assert [row["file"] for row in rows] == [f"scans/{number:04}.png" for number in range(7)] + ["scans/below/last.JPG"]
    read = [json.loads(row["digits"])[0] for row in rows]
    assert np.mean([digit["digit"] for digit in read] == digits.test_labels[:COUNT]) >= 0.8
    for row, digit in zip(rows, read, strict=True):
        assert row["verdict"] == digit["verdict"]
        assert float(row["probability"]) == digit["probability"] > 0.1
        assert row["reading"] == (str(digit["digit"]) if row["verdict"] == "digit" else row["reading"])
    assert any(row["verdict"] == "digit" for row in rows)
    assert capsys.readouterr().out == ""


def test_lines_of_json_and_the_terminal_say_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scans", "--weights", "tiny", "--output", "rows.jsonl"]) == 0
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]
    assert main(["scans", "--weights", "tiny"]) == 0
    printed = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["file"], row["reading"], row["verdict"], str(row["probability"])) for row in rows] == [
        (row["file"], row["reading"], row["verdict"], row["probability"]) for row in printed
    ]
    assert [row["digits"] for row in rows] == [json.loads(row["digits"]) for row in printed]


def test_a_broken_file_is_a_row_that_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "0001.png").write_bytes(b"no picture")
    whole = (folder / "0002.png").read_bytes()
    (folder / "0002.png").write_bytes(whole[: len(whole) // 2])
    Image.new("L", (60, 60), 255).save(folder / "0003.png")
    (folder / "0004.png").unlink()
    (folder / "0004.png").symlink_to("nowhere")  # passed over: it is no file
    (folder / ".hidden.png").write_bytes(b"passed over")
    (folder / "notes.txt").write_text("passed over")
    os.truncate(folder / "0005.png", 101 * 2**20)
    assert main(["scans", "scans/notes.txt", "--output", "rows.csv"]) == 0
    rows = {row["file"].removeprefix("scans/"): row for row in table("rows.csv")}
    assert len(rows) == COUNT
    assert "not an image that can be read" in rows["0001.png"]["error"]
    assert "damaged or truncated" in rows["0002.png"]["error"]
    assert "larger than 100 MiB" in rows["0005.png"]["error"]
    assert "not an image that can be read" in rows["notes.txt"]["error"]
    assert [row["verdict"] for row in rows.values()].count("error") == 4
    blank = rows["0003.png"]
    assert (blank["verdict"], blank["reading"], blank["probability"], blank["digits"]) == ("blank", "", "", "[]")
    assert "4 of 8 files could not be read: their rows say why" in capsys.readouterr().err


def test_names_that_are_no_unicode_are_written(folder: Path) -> None:
    (folder / "0001.png").rename(os.fsdecode(b"scans/\xff=1,\n.png"))
    assert main(["scans", "--output", "rows.csv"]) == 0
    assert main(["scans", "--output", "rows.jsonl"]) == 0
    assert "scans/\\udcff=1,\n.png" in {row["file"] for row in table("rows.csv")}


def test_processes_read_what_one_does(folder: Path) -> None:
    classifier = DigitClassifier.load("tiny")
    files = sorted(folder.glob("*.png")) * 6
    alone = list(read_pictures(classifier, files))
    assert [reading.file for reading in alone] == list(map(str, files))
    assert list(read_pictures(classifier, files, jobs=2)) == alone


def after_the_second(folder: Path, number: int) -> int:
    """The number; the first waits until the second has been done."""
    until = time.monotonic() + 60
    while number == 0 and not (folder / "done").exists() and time.monotonic() < until:
        time.sleep(0.01)
    (folder / "done").touch()
    return number


@pytest.mark.parametrize(("ordered", "numbers"), [(True, [0, 1]), (False, [1, 0])])
def test_results_come_in_order_where_that_is_asked_for(ordered: bool, numbers: list[int], tmp_path: Path) -> None:
    assert list(each(after_the_second, lambda: tmp_path, [0, 1], jobs=2, ordered=ordered)) == numbers


def test_names_are_relative_to_the_folder_in_which_they_were_given(folder: Path, tmp_path: Path) -> None:
    classifier = DigitClassifier.load("tiny")
    here = read_file(classifier, "scans/0000.png", Path.cwd())
    os.chdir(folder)
    assert here.error == ""
    assert read_file(classifier, "scans/0000.png", tmp_path) == here


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([Verdict.DIGIT, Verdict.DIGIT], "digit"),
        ([Verdict.DIGIT, Verdict.UNSURE], "unsure"),
        ([Verdict.NO_DIGIT, Verdict.DIGIT], "unsure"),
        ([Verdict.NO_DIGIT, Verdict.NO_DIGIT], "no digit"),
        ([Verdict.UNSURE], "unsure"),
    ],
)
def test_a_number_is_as_certain_as_its_least_certain_digit(
    folder: Path, verdicts: list[Verdict], verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    likely = [np.array([share, 1 - share, *[0] * 8], np.float32) for share in (0.75, 0.625)][: len(verdicts)]
    digits = [
        DrawnDigit([], np.zeros((28, 28), np.uint8), Reading(probabilities, one), (0, 0, 1, 1))
        for probabilities, one in zip(likely, verdicts, strict=True)
    ]
    monkeypatch.setattr("training.recognition.picture_files.read_picture", lambda *_: digits)
    read = read_file(DigitClassifier.load("tiny"), "scans/0000.png", Path.cwd())
    assert (read.verdict, read.probability) == (verdict, 0.625 if len(verdicts) == 2 else 0.75)


def test_a_sign_that_is_certain_takes_no_certainty_from_its_number(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, box = np.zeros((28, 28), np.uint8), (0.0, 0.0, 1.0, 1.0)
    seven = Reading(np.eye(10, dtype=np.float32)[7], Verdict.DIGIT)
    nothing = Reading(np.full(10, 0.1, np.float32), Verdict.NO_DIGIT)
    digits = [DrawnDigit([], image, nothing, box, sign="−"), DrawnDigit([], image, seven, box)]
    monkeypatch.setattr("training.recognition.picture_files.read_picture", lambda *_: digits)
    read = read_file(DigitClassifier.load("tiny"), "scans/0000.png", Path.cwd())
    assert (read.reading, read.verdict, read.probability) == ("−7", "digit", 1)
    assert [digit.sign for digit in read.digits] == ["−", ""]


def save_kaggle(file: Path, images: Any, columns: list[str] = PIXELS) -> None:
    np.savetxt(file, images.reshape(len(images), -1), "%d", ",", header=",".join(columns), comments="")


def test_kaggles_file_gives_the_rows_to_submit(
    tmp_path: Path, digits: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.read.ROWS_AT_ONCE", 7)
    save_kaggle(tmp_path / "test.csv", digits.test_images[:20])
    assert main(["test.csv", "--output", "submission.csv"]) == 0
    answers = DigitClassifier.load("best").predict(digits.test_images[:20])
    expected = ["ImageId,Label", *(f"{number},{answer}" for number, answer in enumerate(answers, 1))]
    assert Path("submission.csv").read_text().splitlines() == expected
    assert main(["test.csv"]) == 0
    assert capsys.readouterr().out.splitlines() == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.png"], "there is no file or folder absent.png"),
        (["empty"], "empty has no images (.png, .jpg, .jpeg, .webp, .bmp, .gif, .tif, .tiff, .heic)"),
        (["scans", "--weights", "absent.npz"], "there is no file absent.npz"),
        (["scans", "--output", "rows.txt"], "rows.txt must end in .csv or .jsonl"),
        (["scans", "test.csv"], "test.csv must be the only input"),
        (["test.csv", "--output", "rows.jsonl"], "test.csv must be the only input"),
        (["absent.csv"], "absent.csv cannot be read: No such file"),
        (["columns.csv"], "columns.csv is not the test.csv of Kaggle's digit-recognizer (its columns are not pixel0"),
        (["empty.csv"], "empty.csv is not the test.csv"),
        (["large.csv"], "large.csv is not the test.csv of Kaggle's digit-recognizer (its pixels are not all whole"),
        (["words.csv"], "words.csv is not the test.csv of Kaggle's digit-recognizer (its pixels are not all whole"),
        (["bytes.csv"], "bytes.csv is not the test.csv"),
        (["scans", "--output", "test.csv/rows.csv"], "test.csv/rows.csv cannot be written"),
    ],
)
def test_bad_input_is_one_line_and_overwrites_nothing(
    arguments: list[str], message: str, folder: Path, digits: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    images = digits.test_images[:3].astype(int)
    save_kaggle(Path("test.csv"), images)
    save_kaggle(Path("columns.csv"), images, ["label", *PIXELS[1:]])
    save_kaggle(Path("large.csv"), images + 1)
    Path("empty.csv").touch()
    Path("words.csv").write_text(Path("test.csv").read_text()[:-2] + "x\n")
    Path("bytes.csv").write_bytes(b"\xff\xfe\x00" * 50)
    Path("kept.csv").write_text("kept")
    if "--output" not in arguments:
        arguments = [*arguments, "--output", "kept.csv"]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {message}")
    assert error.count("\n") == 1
    assert Path("kept.csv").read_text() == "kept"


def test_head_may_hang_up(folder: Path) -> None:
    save_kaggle(Path("test.csv"), np.zeros((3000, 784), int))
    command = f"{sys.executable} -m training.read test.csv --weights tiny | head -2"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "ImageId,Label"
    assert done.stderr == ""


def test_hidden_folders_are_left_out_and_names_that_cannot_be_are_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree("scans", "scans/.hidden")
    assert not [file for file in picture_files([Path("scans")]) if ".hidden" in str(file)]
    assert main(["--weights", "tiny", "a" * 300]) == 2
    assert "there is no file or folder aaa" in capsys.readouterr().err
