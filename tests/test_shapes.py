"""Shapes and settings of layers, as people write them: what is plain works, the rest is refused in words."""

from typing import Any

import numpy as np
import pytest

from model import (
    ActivationLayer,
    BatchNormalizationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    MaxPoolingLayer,
    Network,
    relu,
    relu_prime,
    tanh,
    tanh_prime,
)
from model.shapes import as_row, read_shape


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        (3, None, (3,)),
        (np.int64(3), None, (3,)),
        ([28, 28, 1], None, (28, 28, 1)),
        (np.array([28, 28, 1]), 3, (28, 28, 1)),
        (np.zeros((2, 5)).shape, None, (2, 5)),
        (3, 2, (3, 3)),
        ((3, 4), 2, (3, 4)),
        (7, 1, (7,)),
        ((7,), 1, (7,)),
    ],
)
def test_a_number_or_a_list_is_a_shape(shape: Any, axes: int | None, expected: tuple[int, ...]) -> None:
    read = read_shape("it", shape, axes)
    assert read == expected
    assert {type(size) for size in read} == {int}


@pytest.mark.parametrize(
    ("shape", "axes", "message"),
    [
        (2.5, None, "it must be whole numbers, each at least 1, got 2.5"),
        ("tanh", None, "got 'tanh'"),
        (None, None, "got None"),
        ((), None, r"got \(\)"),
        (0, None, "got 0"),
        ((3, -1), None, r"got \(3, -1\)"),
        ((3, 2.0), None, r"got \(3, 2.0\)"),
        (((1, 2), 3), None, r"got \(\(1, 2\), 3\)"),
        ((3, 3, 3), 2, r"it must be 2 whole numbers, each at least 1, got \(3, 3, 3\)"),
        ((3, 3), 1, r"it must be a whole number, at least 1, got \(3, 3\)"),
    ],
)
def test_what_is_no_shape_is_refused(shape: Any, axes: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_shape("it", shape, axes)


def test_the_two_ways_to_write_a_row() -> None:
    assert as_row((1, 5)) == as_row((5,)) == (5,)
    assert [as_row(shape) for shape in ((2, 5), (1, 5, 1), (1,))] == [(2, 5), (1, 5, 1), (1,)]


def test_layers_take_lists_and_numbers() -> None:
    assert FCLayer([1, 2], [1, 3]).output_shape == (1, 3)
    assert FCLayer(2, 3).output_shape == (3,)
    layer = ConvLayer([28, 28, 1], 5, 16)
    assert (layer.kernel_shape, layer.output_shape) == ((5, 5), (24, 24, 16))
    assert MaxPoolingLayer([24, 24, 16], 2).output_shape == (12, 12, 16)
    assert FlattenLayer([3, 3, 2]).output_shape == (18,)
    assert DropoutLayer([1, 3], 0.2).output_shape == (1, 3)
    assert BatchNormalizationLayer([4, 4, 2]).output_shape == (4, 4, 2)
    assert ActivationLayer([1, 3], tanh, tanh_prime).output_shape == (1, 3)
    assert Network([28, 28, 1]).input_shape == (28, 28, 1)
    assert Network(784).input_shape == (784,)


def test_a_number_or_a_shape_in_the_wrong_place_works_where_its_meaning_is_plain() -> None:
    network = Network((28, 28, 1))
    for layer in (ConvLayer(32), MaxPoolingLayer((2, 3)), DropoutLayer(0.25), ConvLayer(8, (5, 1)), MaxPoolingLayer(2)):
        network.add(layer)
    shapes = [layer.output_shape for layer in network.layers]
    assert shapes == [(26, 26, 32), (13, 8, 32), (13, 8, 32), (9, 8, 8), (4, 4, 8)]
    dropout = network.layers[2]
    assert isinstance(dropout, DropoutLayer)
    assert dropout.rate == 0.25


def test_an_activation_and_its_derivative_in_any_of_the_ways_that_are_plain() -> None:
    for layer in (
        ActivationLayer((3,), tanh, tanh_prime),
        ActivationLayer(tanh, tanh_prime),
        ActivationLayer(tanh),
        ActivationLayer(activation=tanh),
        ActivationLayer(tanh, activation_prime=tanh_prime),
        ActivationLayer((3,), tanh),
    ):
        assert (layer.activation, layer.activation_prime) == (tanh, tanh_prime)
    for layer in (ActivationLayer(), ActivationLayer(relu), ActivationLayer((3,))):
        assert (layer.activation, layer.activation_prime) == (relu, relu_prime)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FCLayer(10), r"FCLayer needs both shapes.*FCLayer\(output_shape=10\)"),
        (lambda: FCLayer((10,), (5, 5)), r"FCLayer gives rows: its output_shape is \(j,\) or \(1, j\), got \(5, 5\)"),
        (lambda: FCLayer("2", 3), "the input_shape of FCLayer must be whole numbers"),  # type: ignore[arg-type]
        (lambda: ConvLayer((28, 28, 1), (3, 3, 3)), "the kernel_shape of ConvLayer must be 2 whole numbers"),
        (lambda: ConvLayer(layer_depth=0), "the layer_depth of ConvLayer must be a whole number"),
        (lambda: ConvLayer(32, layer_depth=16), r"ConvLayer expects \(n, ≥3, ≥3, d\), got \(n, 32\)"),
        (lambda: MaxPoolingLayer(pool_shape=0), "the pool_shape of MaxPoolingLayer must be 2 whole numbers"),
        (lambda: DropoutLayer(1.5), "DropoutLayer expects 0 ≤ rate < 1, got 1.5"),
        (lambda: DropoutLayer(0.5, 0.3), "the input_shape of DropoutLayer must be whole numbers.* got 0.5"),
        (lambda: ActivationLayer(np.sin), r"needs a function and its derivative: ActivationLayer\(tanh, tanh_prime\)"),
        (lambda: ActivationLayer((3,), [tanh, tanh_prime]), "a function and its derivative"),  # type: ignore[arg-type]
        (lambda: ActivationLayer("tanh"), "the input_shape of ActivationLayer must be"),  # type: ignore[arg-type]
        (lambda: Network("28, 28"), "the input_shape of Network must be whole numbers"),  # type: ignore[arg-type]
    ],
)
def test_other_numbers_and_shapes_are_refused_in_words(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
