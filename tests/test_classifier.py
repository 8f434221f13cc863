"""The classifier: what it takes, what it gives, what it refuses."""

from pathlib import Path

import numpy as np
import pytest

from model import save_network
from model.architectures import build_network
from model.classifier import DigitClassifier
from model.images import images_to_input
from model.reading import Verdict
from model.weights import WeightsError
from tests.small_network import small_network

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)


def test_probabilities_and_digits(tmp_path: Path) -> None:
    network = build_network("quick", np.random.default_rng(0))
    save_network(tmp_path / "w.npz", network, {"temperature": 2.0, "dataset": "mnist"})
    classifier = DigitClassifier.load(tmp_path / "w.npz")
    probabilities = classifier.predict_proba(IMAGES)
    assert probabilities.shape == (7, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    logits = network.predict(IMAGES[..., None] / 255)
    expected = np.exp(logits / 2) / np.exp(logits / 2).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-4)
    assert np.array_equal(classifier.predict(IMAGES), logits.argmax(axis=1))
    assert classifier.header["dataset"] == "mnist"


def test_pixels_are_scaled_from_0_to_1() -> None:
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 0, :2] = [255, 51]
    x = images_to_input(images)
    assert (x.shape, x.dtype) == ((1, 28, 28, 1), np.float32)
    np.testing.assert_allclose(x[0, 0, :3, 0], [1, 0.2, 0], rtol=1e-6)


def test_other_pictures_are_refused() -> None:
    classifier = DigitClassifier(build_network("quick", np.random.default_rng(0)))
    with pytest.raises(ValueError, match=r"shape \(n, 28, 28\), got \(28, 28\): a single one is picture\[None\]"):
        classifier.predict(IMAGES[0])
    with pytest.raises(ValueError, match="got"):
        classifier.predict(np.zeros((2, 20, 20), np.uint8))
    with pytest.raises(TypeError, match="got float64"):
        classifier.predict(IMAGES / 255)  # type: ignore[arg-type]


def test_each_picture_gets_the_verdict_that_the_thresholds_say() -> None:
    network = build_network("quick", np.random.default_rng(0))
    probabilities = DigitClassifier(network).predict_proba(IMAGES)
    likeliest, evidence = probabilities.max(axis=1), -np.log(probabilities).mean(axis=1) - np.log(10)
    between = float(np.quantile(likeliest, 0.45)), float(np.quantile(evidence, 0.45))
    for unsure_below, no_digit_below in ((0.0, 0.0), (between[0], 0.0), (0.0, between[1]), between):
        header = {"unsure_below": unsure_below, "no_digit_below": no_digit_below}
        readings = DigitClassifier(network, header).read(IMAGES)
        np.testing.assert_array_equal(np.stack([reading.probabilities for reading in readings]), probabilities)
        refused = evidence < no_digit_below
        unsure = ~refused & (likeliest < unsure_below)
        assert [reading.verdict is Verdict.NO_DIGIT for reading in readings] == refused.tolist()
        assert [reading.verdict is Verdict.UNSURE for reading in readings] == unsure.tolist()


def test_a_blank_picture_is_no_digit() -> None:
    classifier = DigitClassifier(build_network("quick", np.random.default_rng(0)), {"temperature": 1e-3})
    blank, other = classifier.read(np.stack([np.zeros((28, 28), np.uint8), IMAGES[0]]))
    assert (blank.verdict, other.verdict) == (Verdict.NO_DIGIT, Verdict.DIGIT)


def test_without_thresholds_nothing_is_refused_and_an_answer_is_likelier_than_not() -> None:
    classifier = DigitClassifier(build_network("quick", np.random.default_rng(0)))
    assert {reading.verdict for reading in classifier.read(IMAGES)} == {Verdict.UNSURE}
    sure = DigitClassifier(classifier.network, {"temperature": 1e-3})
    assert {reading.verdict for reading in sure.read(IMAGES)} == {Verdict.DIGIT}


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", value) for value in (0, 0.0, -1.0, True, "warm", float("inf"), float("nan"), None)]
    + [("unsure_below", value) for value in (2, -0.1, 1.1, "low", float("nan"), None)]
    + [("no_digit_below", value) for value in (-1, -0.1, "low", float("inf"), float("nan"), None)],
)
def test_a_senseless_setting_is_refused(tmp_path: Path, name: str, value: object) -> None:
    save_network(tmp_path / "w.npz", build_network("quick", np.random.default_rng(0)), {name: value})
    with pytest.raises(WeightsError, match=name):
        DigitClassifier.load(tmp_path / "w.npz")


def test_a_network_for_something_else_is_refused(tmp_path: Path) -> None:
    save_network(tmp_path / "w.npz", small_network(np.random.default_rng(0)))
    with pytest.raises(WeightsError, match="does not read 28×28 pictures as ten digits"):
        DigitClassifier.load(tmp_path / "w.npz")


def test_whole_numbers_are_settings_too(tmp_path: Path) -> None:
    save_network(tmp_path / "w.npz", build_network("tiny", np.random.default_rng(0)), {"temperature": 2})
    assert DigitClassifier.load(tmp_path / "w.npz").temperature == 2


def test_what_is_not_a_number_is_not_certain() -> None:
    network = build_network("tiny", np.random.default_rng(0))
    classifier = DigitClassifier(network, {"unsure_below": 0.1})
    assert {reading.verdict for reading in classifier.read(IMAGES)} == {Verdict.DIGIT}
    network.layers[-1].parameters["bias"][...] = np.nan
    classifier = DigitClassifier(network, {"unsure_below": 0.1})
    assert {reading.verdict for reading in classifier.read(IMAGES)} == {Verdict.UNSURE}


def test_probabilities_are_float32_of_every_network_and_pictures_may_be_listed() -> None:
    network = build_network("tiny", np.random.default_rng(0), np.float64)
    classifier = DigitClassifier(network)
    assert classifier.predict_proba(IMAGES).dtype == np.float32
    (reading, *_), listed = classifier.read(IMAGES), classifier.read(list(IMAGES))  # type: ignore[arg-type]
    assert reading.probabilities.dtype == np.float32
    assert [one.digit for one in listed] == classifier.predict(IMAGES).tolist()
