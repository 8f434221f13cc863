"""Model cards: what they say of weights that read every picture as a three."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from data.datasets import DATASETS, Source
from model.pretrained import FOLDER
from tests.tiny_report import save_always_three, save_strokes
from training.recipes import RECIPES
from training.recognition import non_digit_drawings
from training.studies import model_card
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


# The digits of data sets that stand in for MNIST and USPS, small enough to be counted by hand: first those to train on.
MNIST_LABELS = [0] * 200 + [1] * 11 + [3] * 4 + [7] * 25
USPS_LABELS = [2] * 15 + [3] * 5


def pictures_of(labels: list[int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A picture for each label. They may all be alike: the network reads every picture as a three."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    return images, np.array(labels, np.uint8)


@pytest.fixture
def small_data_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DATASETS, "mnist", Source("MNIST", 200, lambda: pictures_of(MNIST_LABELS)))
    monkeypatch.setitem(DATASETS, "usps", Source("USPS", 0, lambda: pictures_of(USPS_LABELS)))
    monkeypatch.setattr(non_digit_drawings, "VARIANTS", 1)


@pytest.fixture
def strokes(tmp_path: Path) -> str:
    return str(save_strokes(tmp_path / "mine.npz", [3, 3, 3, 7]))


@pytest.mark.usefixtures("small_data_sets")
def test_a_card_says_how_weights_were_made_and_what_they_read(tmp_path: Path, strokes: str) -> None:
    weights = save_always_three(tmp_path / "three.npz", **HEADER)
    assert main([str(weights), strokes]) == 0
    card = (tmp_path / "three.md").read_text()
    assert hub_head(card)["license"] == "mit"
    rows = {line.split("|")[1].strip(): line for line in card.splitlines() if line.startswith("|")}
    assert "`quick` in `model/architectures.py`, 109,226 parameters" in rows["network"]
    # A tenth of the 200 is held back; of the others a fifth is redrawn, and a tenth as many are written.
    assert "180 of MNIST's training images, 36 redrawn in other writing styles, 18 digits written" in card
    assert "from the skeletons of `training/examples/skeletons.py`; nothing else" in card
    assert "20 other training images of MNIST" in card
    assert "`python -m training.train --recipe quick --epochs 30 --seed 3 --threads 2` at commit abc1234" in card
    assert "1 min 15 s" in rows["command"]
    assert "99.12 %" in rows["validated on"]
    assert "1.25" in rows["validated on"]
    assert "| 40 | 10.00 % |" in rows["MNIST's test images"]
    assert "| 20 | 25.00 % |" in rows["USPS: digits from envelopes"]
    assert "| 4 | 75.00 % | 30.06 % to 95.44 % |" in rows["`mine.npz`: digits drawn with a pen"]
    assert "sevens (0.0 %), threes (100.0 %)" in card
    assert "sevens as threes (1)" in card
    assert "on MNIST's test images: sevens as threes (25), ones as threes (11)" in card
    assert "of 46 non-digit drawings" in card
    assert "It was not trained on non-digit images." in card


@pytest.mark.parametrize("missing", HEADER)
def test_weights_that_do_not_tell_how_they_were_made_get_no_card_and_are_not_even_measured(
    tmp_path: Path, strokes: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(model_card, "load_dataset", lambda name: pytest.fail(f"{name} was loaded"))
    header = {name: value for name, value in HEADER.items() if name != missing}
    weights = save_always_three(tmp_path / "three.npz", **header)
    (tmp_path / "three.md").write_text("the card before")
    assert main([str(weights), strokes]) == 2
    assert f"does not say how it was trained ('{missing}')" in capsys.readouterr().err
    assert (tmp_path / "three.md").read_text() == "the card before"


def test_weights_of_another_data_set_get_no_card(
    tmp_path: Path, strokes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = save_always_three(tmp_path / "three.npz", **{**HEADER, "dataset": "digits"})
    assert main([str(weights), strokes]) == 2
    assert "was trained on digits: choose weights trained on MNIST" in capsys.readouterr().err


def test_a_missing_file_is_one_line(tmp_path: Path, strokes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.npz"), strokes]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def hub_head(card: str) -> dict[str, Any]:
    """What Hugging Face's Hub takes from a card: YAML between two lines of dashes."""
    begin, head, text = card.split("---\n", 2)
    assert begin == ""
    assert text.startswith("\n# ")
    return yaml.safe_load(head)


@pytest.mark.parametrize("card", sorted(FOLDER.glob("*.md")), ids=lambda card: card.stem)
def test_the_hub_finds_what_a_card_is_about(card: Path) -> None:
    head = hub_head(card.read_text(encoding="utf-8"))
    assert head.pop("tags")
    assert head == {
        "library_name": "digits-from-scratch",
        "pipeline_tag": "image-classification",
        "license": "mit",
        "datasets": ["mnist"],
        "metrics": ["accuracy"],
    }
