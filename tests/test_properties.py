"""What holds for anything that fits a description, tried on many things that nobody would think of."""

import tempfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from data.handwriting import Drawing, Handwriting
from data.handwriting_file import pack, unpack
from data.ink import strokes_to_image
from model import (
    ActivationLayer,
    BatchNormalizationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    Layer,
    MaxPoolingLayer,
    Network,
    load_network,
    save_network,
    softmax_cross_entropy,
    softmax_cross_entropy_prime,
    tanh,
    tanh_prime,
)
from tests.drawings import segment
from tests.gradient_check import TOLERANCE, network_errors

settings.register_profile("same every time", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("same every time")

Strokes = list[NDArray[np.float64]]


def strokes_of(coordinates: st.SearchStrategy[Any], least_points: int = 0) -> st.SearchStrategy[Strokes]:
    points = st.lists(st.tuples(coordinates, coordinates), min_size=least_points, max_size=12)
    return st.lists(points.map(lambda stroke: np.array(stroke, float).reshape(-1, 2)), max_size=6)


pad = st.integers(0, 1000)
anywhere = st.floats(-1e6, 1e6)


# Ink


@given(strokes_of(anywhere | pad))
def test_any_strokes_are_a_picture_or_none_without_a_point(strokes: Strokes) -> None:
    image = strokes_to_image(strokes)
    if image is None:
        assert not any(map(len, strokes))
    else:
        assert (image.dtype, image.shape) == (np.uint8, (28, 28))
        assert image.max() > 100  # there is ink to be seen


@given(strokes_of(pad, least_points=1), st.integers(-8, 8))
def test_a_drawing_twice_as_large_is_the_same_picture(strokes: Strokes, exponent: int) -> None:
    """Powers of two are exact in floating point: not one pixel may differ."""
    assert picture(strokes) == picture([stroke * 2.0**exponent for stroke in strokes])


@given(strokes_of(pad, least_points=1), st.integers(-4000, 4000), st.integers(-4000, 4000))
def test_a_drawing_elsewhere_is_the_same_picture(strokes: Strokes, right: int, down: int) -> None:
    """Whole numbers are exact too, and so are their differences, of which the picture is made."""
    assert picture(strokes) == picture([stroke + np.array([right, down]) for stroke in strokes])


def picture(strokes: Strokes) -> bytes:
    image = strokes_to_image(strokes)
    return b"" if image is None else image.tobytes()


# Segmentation


@given(strokes_of(pad | anywhere, least_points=1), st.integers(0, 2**32 - 1))
def test_every_stroke_is_in_one_digit_or_cut_between_several(strokes: Strokes, seed: int) -> None:
    """Whatever the reader thinks of the groups: nothing is doubled, and nothing lost but the ligatures at a cut."""
    rng = np.random.default_rng(seed)
    digits = segment(strokes, lambda groups: rng.uniform(size=len(groups)))
    assert all(digits)
    for stroke in strokes:
        pieces = [piece for digit in digits for piece in digit if np.shares_memory(piece, stroke)]
        pieces.sort(key=lambda piece: piece.__array_interface__["data"][0])
        assert np.array_equal(pieces[0][0], stroke[0])
        assert np.array_equal(pieces[-1][-1], stroke[-1])
        assert not any(np.shares_memory(one, next_one) for one, next_one in pairwise(pieces))
        assert len(pieces) > 1 or len(pieces[0]) == len(stroke)


# Networks


@st.composite
def networks(draw: st.DrawFn, dtype: type = np.float64) -> Network:
    """Any legal list of layers on small inputs, with tanh, which has no kinks.

    Batch normalization takes away again what a layer before it only shifted: the shift's gradient would be nothing, and
    differences of rounding. So there is a tanh between them.
    """
    picture = draw(st.booleans())
    shape = draw(st.tuples(*[st.integers(3, 6)] * 2, st.integers(1, 3))) if picture else (draw(st.integers(1, 6)),)
    network = Network(shape, np.random.default_rng(draw(st.integers(0, 1000))), dtype)
    shifted = False
    for _ in range(draw(st.integers(0, 5))):
        layer = draw(layers(network.output_shape or (), not shifted))
        shifted = not isinstance(layer, ActivationLayer) and (shifted or bool(layer.parameter_names))
        network.add(layer)
    if len(network.output_shape or ()) > 1:
        network.add(FlattenLayer())
    network.add(FCLayer(output_shape=(draw(st.integers(2, 4)),)))
    return network


def layers(shape: tuple[int, ...], normalization: bool) -> st.SearchStrategy[Layer]:
    """A layer that takes inputs of this shape; batch normalization only where that is asked for."""
    kinds: list[st.SearchStrategy[Layer]] = [
        st.builds(ActivationLayer, activation=st.just(tanh), activation_prime=st.just(tanh_prime)),
        st.builds(DropoutLayer, rate=st.sampled_from([0.0, 0.3, 0.5])),
    ]
    if normalization:
        kinds.append(st.builds(BatchNormalizationLayer))
    if len(shape) == 1:
        kinds.append(st.builds(FCLayer, output_shape=st.tuples(st.integers(1, 6))))
    else:
        sides = st.tuples(*[st.integers(1, min(side, 3)) for side in shape[:2]])
        kinds += [
            st.builds(ConvLayer, kernel_shape=sides, layer_depth=st.integers(1, 3)),
            st.builds(MaxPoolingLayer, pool_shape=sides),
            st.builds(FlattenLayer),
        ]
    return st.one_of(kinds)


@given(networks(), st.integers(0, 1000))
@settings(max_examples=25)
def test_any_network_computes_its_gradients(network: Network, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(4, *(network.input_shape or ())))
    (classes,) = network.output_shape or ()
    y = np.eye(classes)[rng.integers(classes, size=4)]
    errors = network_errors(network, softmax_cross_entropy, softmax_cross_entropy_prime, x, y)
    assert max(errors.values()) < TOLERANCE, errors


@given(networks(np.float32) | networks(np.float64), st.integers(0, 1000))
def test_saving_and_loading_changes_nothing(network: Network, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(3, *(network.input_shape or ()))).astype(network.dtype)
    network.settle(x)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.npz"
        save_network(path, network, {"seed": seed})
        again, header = load_network(path)
    assert header["seed"] == seed
    assert [layer.settings() for layer in again.layers] == [layer.settings() for layer in network.layers]
    assert np.array_equal(again.predict(x), network.predict(x))
    assert {name: (array.dtype, array.tobytes()) for name, array in again.arrays().items()} == {
        name: (array.dtype, array.tobytes()) for name, array in network.arrays().items()
    }


# Handwriting

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
drawings = st.builds(
    Drawing,
    key=texts,
    strokes=strokes_of(st.floats(-1e6, 1e6, width=32)),
    image=st.integers(0, 2**32 - 1).map(
        lambda s: np.random.default_rng(s).integers(256, size=(28, 28), dtype=np.uint8)
    ),
    answer=st.none() | st.integers(0, 9),
    truth=st.none() | st.integers(0, 9),
    weights=texts,
    created=st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)).map(
        lambda date: date.isoformat(timespec="seconds")
    ),
)
several = st.lists(drawings, max_size=4, unique_by=lambda drawing: drawing.key)


def as_data(each: list[Drawing]) -> list[Any]:
    """What can be compared."""
    return [
        (
            drawing.key,
            [stroke.tolist() for stroke in drawing.strokes],
            drawing.image.tolist(),
            drawing.answer,
            drawing.truth,
            drawing.weights,
            drawing.created,
        )
        for drawing in each
    ]


@given(several)
@settings(max_examples=15)  # each makes a file
def test_what_is_kept_is_what_is_listed(drawings: list[Drawing]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Handwriting(Path(folder) / "handwriting.sqlite")
        for drawing in drawings:
            store.keep(drawing)
        assert as_data(store.drawings()) == as_data(drawings)
        store.delete(drawing.key for drawing in drawings[1:])
        assert as_data(store.drawings()) == as_data(drawings[:1])


@given(several)
def test_what_is_exported_is_what_is_imported(drawings: list[Drawing]) -> None:
    assert as_data(unpack(pack(drawings))) == as_data(drawings)
