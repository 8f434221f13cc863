"""What is learned beside MNIST's digits: redrawn and written ones, and pictures of no digit."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from data.datasets import NO_DIGIT, Dataset
from training import training_set as training_set_module
from training.examples import redrawn_digits as other_hands
from training.examples.non_digits import outliers
from training.examples.redrawn_digits import redraw
from training.examples.sign_skeletons import SIGNS
from training.examples.written_digits import parse
from training.examples.written_signs import write_signs
from training.recipes import RECIPES
from training.recognition.more_shapes import MORE_SHAPES
from training.recognition.non_digit_drawings import SHAPES
from training.training_set import added_images, training_set


def in_frame(images: NDArray[np.uint8]) -> bool:
    """Whether the ink of every picture is 20 pixels high or wide, with its centre of mass near pixel (14, 14)."""
    for image in images:
        (rows, columns), (y, x) = np.nonzero(image > 12), ndimage.center_of_mass(image)
        extent = max(np.ptp(rows), np.ptp(columns)) + 1
        off_centre = max(abs(y - 14), abs(x - 14)) > 0.75
        at_the_edge = rows.min() == 0 or columns.min() == 0 or rows.max() == 27 or columns.max() == 27
        if not 16 <= extent <= 20 or (off_centre and not at_the_edge):
            return False
    return True


@pytest.fixture(scope="module")
def some(mnist: Dataset) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return mnist.train_images[:600], mnist.train_labels[:600]


def test_redrawn_digits_lie_in_mnists_frame(some: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    redrawn = redraw(*some, np.random.default_rng(0))
    assert redrawn.shape == (600, 28, 28)
    assert redrawn.dtype == np.uint8
    assert in_frame(redrawn)


CHANGES = dict(other_hands.CHANGES)


@pytest.mark.parametrize("digit", CHANGES)
def test_a_share_of_some_digits_gets_a_stroke_and_the_others_stay_as_they_are(
    some: tuple[NDArray[np.uint8], NDArray[np.uint8]], digit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, labels = some[0][some[1] == digit], some[1][some[1] == digit]
    monkeypatch.setattr(other_hands, "WIDTHS", (1, 1))
    monkeypatch.setattr(other_hands, "MOST_UNEVEN", 1)
    monkeypatch.setattr(other_hands, "CHANGES", {})
    plain = redraw(images, labels, np.random.default_rng(0))
    assert np.abs(plain.astype(float) - images).mean() < 12  # the same digit, its edges a little elsewhere
    change, share = CHANGES[digit]
    monkeypatch.setattr(other_hands, "CHANGES", {digit: (change, 1)})
    changed = redraw(images, labels, np.random.default_rng(0))
    difference = np.abs(changed.astype(float) - images).mean(axis=(1, 2))
    assert (difference > 2 * np.abs(plain.astype(float) - images).mean()).mean() > 0.7
    assert 0.1 < share < 0.9


def test_no_trace_tells_a_digit_that_was_changed_from_one_that_was_not(
    some: tuple[NDArray[np.uint8], NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edges, with a stroke or without, are neither softer nor harder than MNIST's own."""

    def softness(images: NDArray[np.uint8]) -> float:
        """The share of the ink's pixels that are grey."""
        return float(((images > 25) & (images < 230)).sum() / (images > 25).sum())

    images, labels = some
    of_the_changed = np.isin(labels, list(CHANGES))
    monkeypatch.setattr(other_hands, "CHANGES", {digit: (change, 1) for digit, (change, _) in CHANGES.items()})
    monkeypatch.setattr(other_hands, "WIDTHS", (1, 1))  # narrow digits have thin lines, which have more of an edge
    changed = redraw(images, labels, np.random.default_rng(0))
    assert softness(changed[of_the_changed]) == pytest.approx(softness(images[of_the_changed]), rel=0.06)
    assert softness(changed[~of_the_changed]) == pytest.approx(softness(images[~of_the_changed]), rel=0.06)


def test_signs_lie_in_mnists_frame_and_are_all_different() -> None:
    made = write_signs(400, np.random.default_rng(0))
    assert (made.shape, made.dtype) == ((400, 28, 28), np.uint8)
    assert in_frame(made)
    assert len(np.unique(made.reshape(400, -1), axis=0)) == 400
    assert np.array_equal(write_signs(400, np.random.default_rng(0)), made)


def test_no_sign_is_a_kind_that_refusals_are_measured_on() -> None:
    assert not set(SIGNS) & {*SHAPES, *MORE_SHAPES}
    skeletons = [np.concatenate([stroke.points for stroke in parse(text)]) for text in SIGNS.values()]
    assert len(skeletons) > 60
    for points in skeletons:
        assert np.isfinite(points).all()
        assert np.ptp(points, axis=0).max() >= 0.6  # a sign, not a dot


def test_half_of_the_non_digit_images_are_signs(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_set_module, "write_signs", lambda count, rng: np.full((count, 28, 28), 7, np.uint8))
    recipe = dataclasses.replace(RECIPES["quick"], redrawn=0, written=0, outliers=0.105)
    images, labels = training_set(recipe, digits.train_images[:200], digits.train_labels[:200], 0)
    assert (images == 7).all(axis=(1, 2)).sum() == 10
    assert (labels == NO_DIGIT).sum() == 21  # of an odd number, one more is made from digits
    assert len(images) == len(labels) == 221


def test_each_image_is_redrawn_as_the_digit_that_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def same(images: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        np.testing.assert_array_equal(images[:, 0, 0], labels)
        return images

    monkeypatch.setattr(training_set_module, "redraw", same)
    recipe = dataclasses.replace(RECIPES["quick"], redrawn=0.5, written=0, outliers=0)
    labels = (np.arange(200) % 10).astype(np.uint8)
    images = np.broadcast_to(labels[:, np.newaxis, np.newaxis], (200, 28, 28))  # each shows its label
    pictures, digits_of = training_set(recipe, images, labels, 0)
    assert len(pictures) == 300
    np.testing.assert_array_equal(pictures[:, 0, 0], digits_of)


def test_outliers_lie_in_mnists_frame_and_are_all_different(
    some: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    made = outliers(100, *some, np.random.default_rng(0))
    assert (made.shape, made.dtype) == ((100, 28, 28), np.uint8)
    assert in_frame(made)
    assert len(np.unique(made.reshape(100, -1), axis=0)) == 100


def test_a_training_set_holds_everything_once_and_is_the_same_for_the_same_seed(digits: Dataset) -> None:
    images, labels = digits.train_images[:200], digits.train_labels[:200]
    recipe = dataclasses.replace(RECIPES["quick"], redrawn=0.5, written=0.3, outliers=0.2)
    pictures, digits_of = training_set(recipe, images, labels, 3)
    assert added_images(recipe, 200) == (100, 60, 40)
    assert len(pictures) == len(digits_of) == 400
    assert np.array_equal(pictures[:200], images)
    assert np.array_equal(digits_of[:200], labels)
    assert (digits_of[200:300] < 10).all()
    assert (np.bincount(digits_of[300:360]) == 6).all()  # as many of each digit are written
    assert (digits_of[360:] == NO_DIGIT).all()
    again, other = training_set(recipe, images, labels, 3)[0], training_set(recipe, images, labels, 4)[0]
    assert np.array_equal(again, pictures)
    assert not np.array_equal(other, pictures)
    plain = dataclasses.replace(recipe, redrawn=0, written=0, outliers=0)
    assert np.array_equal(training_set(plain, images, labels, 3)[0], images)
