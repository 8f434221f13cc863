"""Model cards: what they say of weights that read every picture as a three."""

import dataclasses
from pathlib import Path

import pytest

from data.datasets import Dataset
from tests.tiny_report import save_always_three, save_strokes
from training.recipes import RECIPES
from training.studies.model_card import main

HEADER = {
    "recipe": "quick",
    "settings": dataclasses.asdict(dataclasses.replace(RECIPES["quick"], redrawn=0.2, written=0.1, outliers=0)),
    "dataset": "mnist",
    "seed": 3,
    "threads": 2,
    "commit": "abc1234",
    "training_seconds": 75.0,
    "validation_accuracy": 0.9912,
    "temperature": 1.25,
}


@pytest.fixture
def strokes(tmp_path: Path) -> str:
    return str(save_strokes(tmp_path / "mine.npz", [3, 3, 3, 7]))


def test_a_card_says_how_weights_were_made_and_what_they_read(
    tmp_path: Path, strokes: str, mnist: Dataset, usps: Dataset
) -> None:
    weights = save_always_three(tmp_path / "three.npz", **HEADER)
    assert main([str(weights), strokes]) == 0
    card = (tmp_path / "three.md").read_text()
    rows = {line.split("|")[1].strip(): line for line in card.splitlines() if line.startswith("|")}
    assert "`quick` in `model/architectures.py`, 109,226 parameters" in rows["network"]
    assert "55,000 of MNIST's training images, 11,000 redrawn as other hands write them, 5,500 digits written" in card
    assert "from the skeletons of `training/examples/skeletons.py`; nothing else" in card
    assert "`python -m training.train --recipe quick --seed 3 --threads 2` at commit abc1234: 14 epochs" in card
    assert "1 min 15 s" in rows["made by"]
    assert "99.12 %" in rows["chosen on"]
    assert "1.25" in rows["chosen on"]
    # Of MNIST's 10,000 test images 1,010 are threes, of the 9,298 of USPS 824.
    assert "| 10,000 | 10.10 % |" in rows["MNIST's test images"]
    assert "| 9,298 | 8.86 % |" in rows["USPS: digits from envelopes"]
    assert "| 4 | 75.00 % | 30.06 % to 95.44 % |" in rows["`mine.npz`: digits drawn with a pen"]
    assert "sevens (0.0 %), threes (100.0 %)" in card
    assert "sevens as threes (1)" in card
    assert "ones as threes (1135)" in card
    assert "It was not shown what is no digit." in card


@pytest.mark.parametrize("missing", ["settings", "temperature"])
def test_weights_that_do_not_tell_how_they_were_made_get_no_card(
    tmp_path: Path, strokes: str, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    header = {name: value for name, value in HEADER.items() if name != missing}
    weights = save_always_three(tmp_path / "three.npz", **header)
    (tmp_path / "three.md").write_text("the card before")
    assert main([str(weights), strokes]) == 2
    assert "does not tell how it was trained" in capsys.readouterr().err
    assert (tmp_path / "three.md").read_text() == "the card before"


def test_weights_of_another_data_set_get_no_card(
    tmp_path: Path, strokes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = save_always_three(tmp_path / "three.npz", **{**HEADER, "dataset": "digits"})
    assert main([str(weights), strokes]) == 2
    assert "was trained on digits: only what was trained on MNIST has a card" in capsys.readouterr().err


def test_a_missing_file_is_one_line(tmp_path: Path, strokes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.npz"), strokes]) == 2
    assert capsys.readouterr().err.startswith("error: ")
