"""A study: seeds trained in parallel, resumed, and reported in one table."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.datasets import DatasetError
from model import save_network
from model.architectures import build_network
from training.studies import seeds as study
from training.studies.seeds import load_whole, main, measure

ROOT = Path(__file__).resolve().parents[1]

HEADER = {"dataset": "mnist", "training_seconds": 90.0, "threads": 1, "commit": "abc", "temperature": 1.0}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def trained(seed: int, accuracy: float) -> None:
    network = build_network("article", np.random.default_rng(seed))
    header = {**HEADER, "seed": seed, "validation_accuracy": accuracy}
    save_network(Path(f"runs/article-seed{seed}/weights.npz"), network, header)


class Certain:
    """Says the digit that a picture's brightness is, with a given probability; the rest goes to one wrong digit."""

    def __init__(self, probability: float, wrong: int) -> None:
        self.probability, self.wrong = probability, wrong

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        probabilities = np.zeros((len(images), 10))
        probabilities[range(len(images)), images[:, 0, 0] - 1] = self.probability
        probabilities[:, self.wrong] += 1 - self.probability
        return probabilities


def test_the_table_has_each_seed_their_mean_and_their_ensemble() -> None:
    labels = np.array([0, 1, 2, 3])
    images = np.broadcast_to((labels + 1)[:, None, None], (4, 28, 28)).astype(np.uint8)
    classifiers = {0: Certain(0.9, 9), 1: Certain(0.4, 0), 2: Certain(0.4, 8)}
    rows = measure(classifiers, images, labels)  # type: ignore[arg-type]
    assert [row.name for row in rows] == ["seed 0", "seed 1", "seed 2", "mean", "ensemble"]
    assert [row.accuracy for row in rows[:3]] == [1, 0.25, 0]
    assert rows[3].accuracy == pytest.approx(1.25 / 3)
    assert [row.worst_digit for row in rows[:4]] == [1, 0, 0, pytest.approx(1 / 3)]
    assert rows[4].accuracy == 1  # 0.57 for the digit, and the wrong answers disagree
    assert rows[3].calibration_error == pytest.approx(np.mean([row.calibration_error for row in rows[:3]]))


def test_weights_from_elsewhere_are_not_trained_again_and_all_seeds_are_reported(
    capsys: pytest.CaptureFixture[str], digits: object
) -> None:
    trained(0, 0.97)
    trained(3, 0.99)
    assert main(["--recipe", "article", "--seeds", "0", "3", "--datasets", "digits"]) == 0
    printed = capsys.readouterr().out
    assert "| mean | 98.00 % ± 1.41 % | 0.05 h in total | |" in printed
    assert Path("runs/article-study/study.md").read_text() == printed.rstrip("\n") + "\n"
    rows = json.loads(Path("runs/article-study/study.json").read_text())["digits"]
    assert [row["name"] for row in rows] == ["seed 0", "seed 3", "mean", "ensemble"]


def test_a_failed_seed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("runs/article-seed1")
    folder.mkdir(parents=True)
    (folder / "checkpoint.npz").write_bytes(b"no checkpoint")
    assert main(["--recipe", "article", "--seeds", "1"]) == 1
    assert "seed 1 was not finished" in capsys.readouterr().err
    assert "checkpoint.npz is damaged" in Path("runs/article-study/seed1.log").read_text()


def test_a_run_is_started_with_its_seed_and_gone_on_with_later(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    class Done:
        returncode = 0

    def run(command: list[str], **options: object) -> Done:
        commands.append(command[3:])
        return Done()

    monkeypatch.setattr(study.subprocess, "run", run)
    Path("runs/tiny-study").mkdir(parents=True)
    assert study.train_one("tiny", 4, 2, Path("runs/tiny-study")) == 0
    Path("runs/tiny-seed4").mkdir()
    Path("runs/tiny-seed4/checkpoint.npz").touch()
    assert study.train_one("tiny", 4, 2, Path("runs/tiny-study")) == 0
    new = ["--name", "tiny-seed4", "--recipe", "tiny", "--dataset", "mnist", "--seed", "4", "--threads", "2"]
    assert commands == [new, ["--name", "tiny-seed4", "--resume"]]


def test_a_study_leaves_no_image_out(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    Image.fromarray(np.pad(np.zeros((20, 4), np.uint8), 12, constant_values=255)).save(tmp_path / "7" / "whole.png")
    images, labels = load_whole(str(tmp_path))
    assert (len(images), labels.tolist()) == (1, [7])
    (tmp_path / "7" / "broken.png").write_bytes(b"this is no picture")
    with pytest.raises(DatasetError, match=r"broken\.png"):
        load_whole(str(tmp_path))


def test_a_folder_that_cannot_be_written_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("runs").write_text("in the way")
    assert main(["--recipe", "article", "--seeds", "1", "1"]) == 1
    assert "runs/article-study cannot be written" in capsys.readouterr().err
