"""What would have to change for another answer: ∂E/∂X, and steps along it."""

import copy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from data.ink import strokes_to_image
from model import DropoutLayer
from model.architectures import ARCHITECTURES, build_network
from model.classifier import DigitClassifier
from model.images import images_to_input
from model.layer import Array
from model.saliency import STEP, change_until, saliency

QUICK = Path(__file__).parents[1] / "model" / "pretrained" / "quick.npz"
ARTICLE = QUICK.with_name("article.npz")
SEVEN = [[300, 200], [700, 200], [500, 500], [400, 900]]


def noise(seed: int = 0) -> NDArray[np.uint8]:
    """A picture in which no two numbers are equal by chance: pooling then has no ties."""
    return np.random.default_rng(seed).integers(40, 216, (28, 28), np.uint8)


def seven() -> NDArray[np.uint8]:
    image = strokes_to_image([SEVEN])
    assert image is not None
    return image


def loss(classifier: DigitClassifier, pixels: Array, digit: int) -> float:
    """−log of the digit's probability, for pixels `(28, 28)` from 0 to 1."""
    outputs = classifier.network.predict(pixels[np.newaxis, ..., np.newaxis])[0] / classifier.temperature
    return float(np.log(np.exp(outputs).sum()) - outputs[digit])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("temperature", [1.0, 0.4])
def test_saliency_is_how_the_loss_changes_with_each_pixel(architecture: str, temperature: float) -> None:
    rng = np.random.default_rng(0)
    network = build_network(architecture, rng, np.float64)
    network.add(DropoutLayer())
    network.settle(images_to_input(np.stack([noise(seed) for seed in range(1, 9)])))  # not the mean 0 and variance 1
    classifier = DigitClassifier(network, {"temperature": temperature})
    image = noise()
    computed = saliency(classifier, image, 3)
    assert computed.shape == (28, 28)
    pixels = images_to_input(image[np.newaxis])[0, ..., 0].astype(np.float64)
    for row, column in rng.integers(0, 28, (12, 2)):
        moved = np.zeros((28, 28))
        moved[row, column] = 1e-6
        expected = (loss(classifier, pixels + moved, 3) - loss(classifier, pixels - moved, 3)) / 2e-6
        assert computed[row, column] == pytest.approx(expected, rel=1e-4, abs=1e-8)


def test_asking_changes_nothing_and_many_may_ask_at_once() -> None:
    classifier = DigitClassifier.load(QUICK)
    before = [copy.deepcopy(vars(layer)) for layer in classifier.network.layers]
    images = [noise(seed) for seed in range(12)]
    alone = [saliency(classifier, image, 3) for image in images]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda image: saliency(classifier, image, 3), images * 3))
    for image_alone, image_together in zip(alone * 3, together, strict=True):
        assert np.array_equal(image_alone, image_together)
    for layer, kept in zip(classifier.network.layers, before, strict=True):
        for name, value in vars(layer).items():
            if isinstance(value, np.random.Generator):
                assert value.bit_generator.state == kept[name].bit_generator.state
            else:
                assert np.array_equal(value, kept[name]), name


@pytest.mark.parametrize(
    ("weights", "digits"), [(QUICK, (1, 2, 3, 4, 5, 8, 9)), (ARTICLE, (1, 3, 9))], ids=["quick", "article"]
)
def test_small_steps_lead_to_another_answer(weights: Path, digits: tuple[int, ...]) -> None:
    classifier, image = DigitClassifier.load(weights), seven()
    assert classifier.predict(image[np.newaxis])[0] == 7
    for digit in digits:
        change = change_until(classifier, image, digit)
        assert classifier.predict(change.image[np.newaxis])[0] == digit
        np.testing.assert_allclose(
            change.probabilities, classifier.predict_proba(change.image[np.newaxis])[0], rtol=1e-4
        )
        distance = np.linalg.norm((change.image.astype(float) - image) / 255)
        assert 0 < distance <= change.steps * STEP + 0.1  # and what rounding to whole shades adds


def test_what_is_read_so_already_is_not_changed() -> None:
    change = change_until(DigitClassifier.load(QUICK), seven(), 7)
    assert change.steps == 0
    assert np.array_equal(change.image, seven())


def test_a_picture_that_says_nothing_is_left_as_it_is() -> None:
    """All weights 0: there is no direction to go."""
    network = build_network("article", np.random.default_rng(0))
    for parameter in network.parameters().values():
        parameter[...] = 0
    change = change_until(DigitClassifier(network), seven(), 3)
    assert change.steps == 0
    assert np.array_equal(change.image, seven())
