"""Which weights files the app offers, under which names, and which of them it takes when nobody chose."""

import os
from pathlib import Path

import numpy as np
import pytest

from app.components import weights_picker
from app.components.weights_picker import Weights, choose_default, escaped, list_weights, training_data
from model import save_network
from model.architectures import build_network

SHIPPED = "model/pretrained/best.npz"


@pytest.fixture(autouse=True)
def pretrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes with the project is only what a test puts there."""
    monkeypatch.setattr(weights_picker, "PRETRAINED", tmp_path / "model" / "pretrained")


def write(root: Path, name: str, dataset: str = "mnist", age: int = 0) -> Path:
    """Untrained weights in a file `name` under `root`, so many seconds old."""
    header = {"dataset": dataset, "recipe": "article", "seed": 0, "validation_accuracy": 0.9927}
    save_network(root / name, build_network("article", np.random.default_rng(0)), header)
    os.utime(root / name, (1_800_000_000 - age,) * 2)
    return root / name


def default(root: Path) -> str:
    return choose_default(list_weights(root)[0]).path.relative_to(root).as_posix()


def test_runs_come_first_and_the_newest_of_them_before_the_others(tmp_path: Path) -> None:
    shipped = write(tmp_path, SHIPPED)
    old, new = write(tmp_path, "runs/old/weights.npz", age=60), write(tmp_path, "runs/new/weights.npz")
    (tmp_path / "runs/unfinished").mkdir()
    weights, problems = list_weights(tmp_path)
    assert [each.path for each in weights] == [new, old, shipped]
    assert problems == []


def test_labels_name_file_data_and_accuracy(tmp_path: Path) -> None:
    write(tmp_path, SHIPPED, dataset="digits")
    write(tmp_path, "runs/first try/weights.npz")
    weights, _ = list_weights(tmp_path)
    assert [each.label for each in weights] == ["runs/first try · mnist · 99.3 %", "pretrained/best · digits · 99.3 %"]


@pytest.mark.parametrize("header", [{}, {"dataset": None, "validation_accuracy": "high"}])
def test_a_header_that_says_nothing_still_gives_a_label(header: dict) -> None:
    weights = Weights(Path("runs/mine/weights.npz"), 0, header)
    assert weights.label.startswith("runs/mine · ")
    assert "unknown data" in training_data(header)


def test_broken_files_are_reported_and_the_others_still_offered(tmp_path: Path) -> None:
    whole = write(tmp_path, "runs/whole/weights.npz")
    cut = write(tmp_path, "runs/cut/weights.npz")
    cut.write_bytes(cut.read_bytes()[:1000])
    weights, problems = list_weights(tmp_path)
    assert [each.path for each in weights] == [whole]
    assert len(problems) == 1
    assert problems[0].startswith("runs/cut/weights.npz is damaged")


def test_weights_written_anew_are_read_anew(tmp_path: Path) -> None:
    write(tmp_path, "runs/mine/weights.npz", dataset="digits", age=60)
    assert list_weights(tmp_path)[0][0].header["dataset"] == "digits"
    write(tmp_path, "runs/mine/weights.npz", dataset="mnist")
    assert list_weights(tmp_path)[0][0].header["dataset"] == "mnist"


def test_the_default_is_best_whatever_was_trained(tmp_path: Path) -> None:
    write(tmp_path, "runs/new/weights.npz")
    write(tmp_path, "model/pretrained/article.npz")
    assert default(tmp_path) == "model/pretrained/article.npz"
    write(tmp_path, SHIPPED)
    assert default(tmp_path) == SHIPPED


def test_without_any_other_the_newest_run_is_the_default(tmp_path: Path) -> None:
    write(tmp_path, "runs/old/weights.npz", dataset="digits", age=60)
    write(tmp_path, "runs/new/weights.npz", dataset="digits")
    assert default(tmp_path) == "runs/new/weights.npz"


def test_names_from_files_cannot_become_markdown() -> None:
    assert escaped("![a](http://b) *c*") == r"\!\[a\]\(http\://b\) \*c\*"
