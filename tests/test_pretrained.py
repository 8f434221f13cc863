"""The weights that come with the project read what they are said to read."""

from pathlib import Path

import numpy as np
import pytest

from data.datasets import Dataset
from model.classifier import DigitClassifier

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


def test_quick_reads_mnist(mnist: Dataset) -> None:
    assert accuracy("quick", mnist.test_images, mnist.test_labels) >= 0.98


def test_quick_reads_digits_from_envelopes(usps: Dataset) -> None:
    assert accuracy("quick", usps.test_images, usps.test_labels) >= 0.96
