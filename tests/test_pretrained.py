"""The weights that come with the project read what they are said to read."""

from pathlib import Path

import numpy as np
import pytest

from data.datasets import Dataset
from model.classifier import DigitClassifier
from model.weights import WeightsError

PRETRAINED = sorted((Path(__file__).resolve().parents[1] / "model" / "pretrained").glob("*.npz"))


@pytest.mark.parametrize("path", PRETRAINED, ids=[path.stem for path in PRETRAINED])
def test_each_has_a_model_card_and_says_where_it_comes_from(path: Path) -> None:
    header = DigitClassifier.load(path).header
    assert header["dataset"] == "mnist"
    assert header["recipe"] == path.stem
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert f"{100 * header['validation_accuracy']:.2f} %" in card
    assert header["commit"] in card
    assert not header["commit"].endswith("-dirty")


def accuracy(weights: str, images: np.ndarray, labels: np.ndarray) -> float:
    path = next(path for path in PRETRAINED if path.stem == weights)
    return float((DigitClassifier.load(path).predict(images) == labels).mean())


# Well below what each reads, and above what a broken frame or layer would leave.


@pytest.mark.parametrize(("weights", "least"), [("article", 0.98), ("quick", 0.99), ("tiny", 0.985), ("best", 0.99)])
def test_each_reads_mnist(weights: str, least: float, mnist: Dataset) -> None:
    assert accuracy(weights, mnist.test_images, mnist.test_labels) >= least


@pytest.mark.parametrize(("weights", "least"), [("quick", 0.96), ("best", 0.98)])
def test_digits_from_envelopes_are_read_too(weights: str, least: float, usps: Dataset) -> None:
    assert accuracy(weights, usps.test_images, usps.test_labels) >= least


def test_tiny_is_tiny() -> None:
    path = next(path for path in PRETRAINED if path.stem == "tiny")
    parameters = DigitClassifier.load(path).network.parameters()
    assert sum(array.size for array in parameters.values()) <= 5_000


def test_all_together_are_small_enough_to_be_cloned() -> None:
    assert sum(path.stat().st_size for path in PRETRAINED) < 10_000_000


def test_a_name_that_no_file_can_have_is_one_that_is_missing() -> None:
    with pytest.raises(WeightsError):
        DigitClassifier.load("a" * 300)
