"""Digits written from skeletons: what lies in the pictures, and that it is those digits."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from data.datasets import Dataset
from tests.test_pretrained import accuracy
from tests.test_training_set import in_frame
from training.examples import written_digits
from training.examples.skeletons import SKELETONS
from training.examples.written_digits import STEPS, Stroke, parse, smooth, write, write_digits

HANDS = [(digit, hand) for digit, hands in SKELETONS.items() for hand in hands]
LABELS = np.arange(3_000) % 10


@pytest.fixture(scope="module")
def written() -> NDArray[np.uint8]:
    return write_digits(LABELS, np.random.default_rng(0))


def test_each_label_gets_a_picture_and_no_two_are_the_same(written: NDArray[np.uint8]) -> None:
    assert (written.shape, written.dtype) == ((3_000, 28, 28), np.uint8)
    assert len(np.unique(written.reshape(3_000, -1), axis=0)) == 3_000
    assert write_digits(np.array([], np.uint8), np.random.default_rng(0)).shape == (0, 28, 28)


def test_the_same_seed_writes_the_same(written: NDArray[np.uint8]) -> None:
    assert np.array_equal(write_digits(LABELS, np.random.default_rng(0)), written)
    assert not np.array_equal(write_digits(LABELS, np.random.default_rng(1)), written)


def test_every_skeleton_is_written_as_often_as_its_weight_says(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: dict[int, int] = {}

    def count(strokes: list[Stroke], number: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        counts[len(counts)] = number
        return np.zeros((number, 28, 28), np.uint8)

    monkeypatch.setattr(written_digits, "write", count)
    write_digits(np.repeat(np.arange(10), 2_000), np.random.default_rng(0))
    by_hand = dict(zip(HANDS, counts.values(), strict=True))  # written in this order
    for digit, hands in SKELETONS.items():
        total = sum(weight for weight, _ in hands.values())
        for hand, (weight, _) in hands.items():
            expected = 2_000 * weight / total
            assert by_hand[digit, hand] == pytest.approx(expected, abs=4 * np.sqrt(expected))  # four deviations


@pytest.mark.parametrize(("digit", "hand"), HANDS)
def test_every_hand_lies_in_mnists_frame(digit: int, hand: str) -> None:
    assert in_frame(write(parse(SKELETONS[digit][hand][1]), 30, np.random.default_rng(0)))


def test_written_digits_fill_the_box_to_the_pixel(written: NDArray[np.uint8]) -> None:
    """As MNIST's do, of which 98 % are 20 pixels high or wide."""
    boxes = [max(np.ptp(axis) + 1 for axis in np.nonzero(image)) for image in written]
    assert np.mean(np.array(boxes) == 20) > 0.98


def edges(images: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Medians: the ink, in pixels; the width of the pen, its area over half its outline; the share that is grey."""
    ink = images.astype(np.float64) / 255
    slope = np.hypot(ndimage.sobel(ink, 1), ndimage.sobel(ink, 2)).sum(axis=(1, 2)) / 8
    area = ink.sum(axis=(1, 2))
    grey = ((ink > 0.1) & (ink < 0.9)).sum(axis=(1, 2)) / (ink > 0.1).sum(axis=(1, 2))
    return float(np.median(area)), float(np.median(2 * area / slope)), float(np.median(grey))


def test_ink_and_pens_are_mnists(written: NDArray[np.uint8], mnist: Dataset) -> None:
    ours, mnists = edges(written), edges(mnist.train_images[:3_000])
    assert ours[0] == pytest.approx(mnists[0], rel=0.15)
    assert ours[1] == pytest.approx(mnists[1], rel=0.05)
    assert ours[2] == pytest.approx(mnists[2], rel=0.1)


def test_nothing_but_the_shape_tells_which_digit_it_is(written: NDArray[np.uint8]) -> None:
    """Every digit is drawn with the same pens: as thick, and with edges as soft, but for what crossings add."""
    of_digit = np.array([edges(written[digit == LABELS]) for digit in range(10)])
    assert np.ptp(of_digit[:, 1]) < 0.4  # pixels
    assert np.ptp(of_digit[:, 2]) < 0.06


def test_common_hands_are_read_as_the_digits_they_are() -> None:
    """The weights that come with the project know these hands: what they read badly would be badly drawn."""
    common = [(digit, hand) for digit, hand in HANDS if SKELETONS[digit][hand][0] > 1]
    assert {digit for digit, _ in common} == set(range(10))
    rng = np.random.default_rng(0)
    right = [accuracy("best", write(parse(SKELETONS[d][hand][1]), 50, rng), np.full(50, d)) for d, hand in common]
    assert np.mean(right) >= 0.97
    assert min(right) >= 0.8


@pytest.mark.parametrize(("digit", "hand"), HANDS)
def test_skeletons_follow_their_notation(digit: int, hand: str) -> None:
    weight, skeleton = SKELETONS[digit][hand]
    assert weight in (1, 2, 3)
    point = r"-?\d+,-?\d+!?(~\d+)?"
    assert re.fullmatch(rf"{point}( {point})+( / {point}( {point})+)*", skeleton)
    points = np.concatenate([stroke.points for stroke in parse(skeleton)])
    assert np.ptp(points[:, 1]) == pytest.approx(1, abs=0.12)  # a digit is one high


def test_a_skeleton_is_parsed() -> None:
    first, second = parse("-18,40~7 -3,20 10,0! 10,100 / 0,5!~3 30,100")
    np.testing.assert_allclose(first.points, np.array([(-18, 40), (-3, 20), (10, 0), (10, 100)]) / 100)
    np.testing.assert_allclose(first.freedom, np.array([[7], [0], [0], [0]]) / 100)
    assert first.corners == [0, 2, 3]
    np.testing.assert_allclose(second.points, np.array([(0, 5), (30, 100)]) / 100)
    np.testing.assert_allclose(second.freedom, np.array([[3], [0]]) / 100)
    assert second.corners == [0, 1]


def test_a_line_goes_through_its_points_and_turns_only_at_corners() -> None:
    points = np.random.default_rng(0).normal(size=(4, 6, 2))
    line = smooth(points, [0, 3, 5])
    np.testing.assert_allclose(line[:, ::STEPS], points, atol=1e-12)
    circle = np.stack([np.sin(np.arange(9) * np.pi / 4), np.cos(np.arange(9) * np.pi / 4)], axis=1)[np.newaxis]
    radius = np.linalg.norm(smooth(circle, [0, 8]), axis=2)[0]
    assert np.abs(radius[STEPS:-STEPS] - 1).max() < 0.01  # its ends go straight on
    straight = smooth(circle, list(range(9)))
    middle = (circle[:, :-1] + circle[:, 1:]) / 2
    np.testing.assert_allclose(straight[:, STEPS // 2 :: STEPS], middle, atol=1e-12)


STILL = {"JITTER": (0, 0), "UNEVEN": (1, 1), "TAPER": (0, 0), "STRETCH": (1, 1), "SLANT": (0, 0), "PEN": (2, 2, 2.001)}


@pytest.mark.parametrize("chance", STILL)
def test_each_chance_changes_what_is_written(monkeypatch: pytest.MonkeyPatch, chance: str) -> None:
    usual = getattr(written_digits, chance)
    for name, still in STILL.items():
        monkeypatch.setattr(written_digits, name, still)
    same = write(parse(SKELETONS[8]["two rings"][1]), 20, np.random.default_rng(0)).astype(float)
    assert np.ptp(same, axis=0).max() <= 1
    monkeypatch.setattr(written_digits, chance, usual)
    changed = write(parse(SKELETONS[8]["two rings"][1]), 20, np.random.default_rng(0)).astype(float)
    assert np.ptp(changed, axis=0).max() > 100


def test_free_points_lie_elsewhere_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, still in STILL.items():
        monkeypatch.setattr(written_digits, name, still)
    images = write(parse("0,0 0,50 0,100 / -20,100 20,100~8"), 20, np.random.default_rng(0)).astype(float)
    assert np.ptp(images, axis=0).max() > 100
