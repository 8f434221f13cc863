"""Schedules, optimizers, augmentation and calibration, each against what it should be."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from data.datasets import Dataset
from training.batches import BATCHES_AHEAD, epoch_batches
from training.calibration import fit_temperature, fit_thresholds
from training.examples.augmentation import Distortion, augment, bilinear
from training.optimizers import Adam
from training.recipes import RECIPES, Recipe
from training.schedules import one_cycle


def test_one_cycle_goes_up_and_down() -> None:
    assert one_cycle(0, 0.5) == pytest.approx(0.02)
    assert one_cycle(0.125, 0.5) == pytest.approx(0.26)  # half-way up
    assert one_cycle(0.25, 0.5) == pytest.approx(0.5)
    assert one_cycle(0.625, 0.5) == pytest.approx(0.25)  # half-way down
    assert one_cycle(1, 0.5) == pytest.approx(0)
    rates = [one_cycle(i / 1000, 1) for i in range(1001)]
    assert max(abs(a - b) for a, b in pairwise(rates)) < 0.005


def test_adam_is_its_paper() -> None:
    rng = np.random.default_rng(0)
    parameters = {"w": rng.normal(size=(3, 4))}
    w, m, v = parameters["w"].copy(), np.zeros((3, 4)), np.zeros((3, 4))
    optimizer = Adam()
    for t in range(1, 6):
        g = rng.normal(size=(3, 4))
        optimizer.step(parameters, {"w": g}, 0.01)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w -= 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(parameters["w"], w, rtol=1e-10)


def test_adam_finds_the_bottom_of_a_bowl_and_stays_float32() -> None:
    optimizer = Adam()
    parameters = {"w": np.array([3.0, -2.0], np.float32)}
    for _ in range(500):
        optimizer.step(parameters, {"w": 2 * parameters["w"]}, 0.05)
    assert np.abs(parameters["w"]).max() < 0.01
    assert parameters["w"].dtype == np.float32
    assert all(array.dtype in (np.float32, np.int64) for array in optimizer.state.values())


def test_settings_of_earlier_versions_name_the_only_optimizer() -> None:
    settings = dataclasses.asdict(RECIPES["quick"])
    assert Recipe.from_dict({**settings, "optimizer": "adam"}) == Recipe.from_dict(settings) == RECIPES["quick"]
    with pytest.raises(TypeError, match="optimizer"):
        Recipe.from_dict({**settings, "optimizer": "sgd"})


PICTURES = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)


def test_no_movement_changes_nothing() -> None:
    still = Distortion(rotation=0, scale=0, shear=0, shift=0)
    assert np.array_equal(augment(PICTURES, 16, still, np.random.default_rng(0)), PICTURES)


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (1, 0), (0, -2), (3, 5), (0.5, 0), (-1.25, 2.75)])
def test_reading_a_picture_elsewhere_moves_it(dy: float, dx: float) -> None:
    y, x = np.indices((28, 28)).reshape(2, -1)
    moved = bilinear(np.stack([y + dy, x + dx])) @ PICTURES[0].reshape(784, 1).astype(np.float32)
    framed = np.pad(PICTURES[0], 8).astype(float)  # scipy's own paper outside differs in the outermost pixels
    expected = ndimage.shift(framed, (-dy, -dx), order=1)[8:-8, 8:-8]
    np.testing.assert_allclose(moved.reshape(28, 28), expected, atol=1e-3)


def test_a_turned_picture_is_scipys() -> None:
    class Fixed(np.random.Generator):
        """Draws 10 degrees, no slant, no change of size, no shift."""

        def uniform(self, low=0.0, high=1.0, size=None):  # type: ignore[no-untyped-def]
            middle = (low + high) / 2
            return 10.0 if high == 10 else middle if size is None else np.full(size, middle)

    turned = Distortion(rotation=10, scale=0.1, shear=0.1, shift=2).draw_map(Fixed(np.random.PCG64()))
    smooth = ndimage.gaussian_filter(PICTURES[1].astype(np.float32), 1)
    smooth[:5] = smooth[-5:] = smooth[:, :5] = smooth[:, -5:] = 0
    expected = ndimage.rotate(smooth, -10, reshape=False, order=1)
    np.testing.assert_allclose((turned @ smooth.reshape(784, 1)).reshape(28, 28), expected, atol=0.5)


def test_maps_are_shared_one_batch_apart_and_differ_within_a_batch() -> None:
    same = np.broadcast_to(PICTURES[0], (40, 28, 28))
    moved = augment(same, 16, Distortion(10, 0.1, 0.1, 2), np.random.default_rng(0))
    assert np.array_equal(moved[0], moved[16])
    assert np.array_equal(moved[7], moved[39])
    assert len(np.unique(moved[:16].reshape(16, -1), axis=0)) == 16
    again = augment(same, 16, Distortion(10, 0.1, 0.1, 2), np.random.default_rng(0))
    assert np.array_equal(moved, again)


def test_batches_that_are_prepared_later_are_distorted_in_another_way() -> None:
    recipe = dataclasses.replace(RECIPES["quick"], batch_size=2)
    images = np.repeat(PICTURES[:1], 4 * BATCHES_AHEAD, axis=0)
    labels = np.zeros(len(images), np.uint8)
    batches = [pictures.tobytes() for pictures, _ in epoch_batches(recipe, images, labels, [0, 1], 0)]
    assert len(batches) == 2 * BATCHES_AHEAD
    assert len(set(batches)) == 2  # those that are prepared together share their maps


def test_digits_keep_their_ink_and_place(digits: Dataset) -> None:
    images = digits.train_images[:256]
    moved = augment(images, 128, Distortion(10, 0.1, 0.1, 2), np.random.default_rng(0))
    ink, moved_ink = images.sum(axis=(1, 2), dtype=float), moved.sum(axis=(1, 2), dtype=float)
    assert (np.abs(moved_ink / ink - 1) < 0.3).all()
    centres = np.array([ndimage.center_of_mass(image) for image in moved])
    assert (np.abs(centres - 14) < 4).all()
    assert centres.std() > 0.5


def test_adam_changes_the_arrays_themselves_also_where_they_are_views() -> None:
    weights = np.zeros((3, 2))
    Adam().step({"w": weights.T}, {"w": np.ones((2, 3))}, 0.5)
    np.testing.assert_allclose(weights, -0.5)


def test_the_temperature_is_the_one_that_the_outputs_were_made_with() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 10)) * 2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1).astype(np.uint8)
    assert fit_temperature(logits, labels) == pytest.approx(1, abs=0.03)
    assert fit_temperature(3 * logits, labels) == pytest.approx(3, abs=0.1)  # three times as sure of the same
    assert fit_temperature(logits / 10, labels) == pytest.approx(0.1, abs=0.003)


def test_thresholds_are_those_below_which_the_doubtful_digits_lie() -> None:
    outputs = np.random.default_rng(0).normal(0, 3, (5_000, 10))
    thresholds = fit_thresholds(outputs, 1.5)
    probabilities = np.exp(outputs / 1.5) / np.exp(outputs / 1.5).sum(axis=1, keepdims=True)
    distance = -np.log(probabilities).mean(axis=1) - np.log(10)
    assert (probabilities.max(axis=1) < thresholds["unsure_below"]).mean() == pytest.approx(0.02)
    assert (distance < thresholds["no_digit_below"]).mean() == pytest.approx(0.0075, abs=1.5e-4)
    assert fit_thresholds(np.zeros((3, 10)), 1.0)["no_digit_below"] == 0
