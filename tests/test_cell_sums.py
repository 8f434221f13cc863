"""The sums shown for single numbers equal the layers' forward passes."""

import numpy as np
import pytest

from app.texts.layers import layer_text
from model import ActivationLayer, ConvLayer, FCLayer, FlattenLayer, Layer, MaxPoolingLayer, Network
from model.architectures import ARCHITECTURES, build_network
from model.cell_sums import bracketed, cell_sum, exponential, format_number, layer_outputs, probability_sum
from model.classifier import DigitClassifier
from model.images import images_to_input
from model.layer import Array
from model.weights import LAYERS as KINDS
from tests.layer_table import LAYERS, made, smooth_input


def some_cells(shape: tuple[int, ...], rng: np.random.Generator, count: int = 20) -> list[tuple[int, ...]]:
    return [tuple(int(rng.integers(size)) for size in shape) for _ in range(count)]


def with_some_bias(network: Network, rng: np.random.Generator) -> Network:
    """First biases are 0, and would hide that one is left out."""
    for name, parameter in network.parameters().items():
        if name.endswith("bias"):
            parameter[...] = rng.normal(size=parameter.shape)
    return network


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_layer_has_a_sum_and_a_text(kind: type[Layer]) -> None:
    """A new layer needs a sum and a text for the Look inside page."""
    assert cell_sum.dispatch(kind) is not cell_sum.dispatch(Layer)
    assert layer_text.dispatch(kind) is not layer_text.dispatch(Layer)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_sum_makes_the_output_of_the_network(architecture: str) -> None:
    rng = np.random.default_rng(0)
    network = with_some_bias(build_network(architecture, rng), rng)
    arrays = images_to_input(rng.integers(0, 256, (2, 28, 28), np.uint8))
    outputs = layer_outputs(network, arrays)
    for layer, input, output in zip(network.layers, [arrays, *outputs], outputs, strict=False):
        for index in some_cells(output.shape[1:], rng):
            cell = cell_sum(layer, input[1], index)
            assert cell.value == pytest.approx(output[1][index], rel=1e-5, abs=1e-5), type(layer)
            assert cell.equation.endswith(format_number(cell.value)) or cell.equation.endswith("passed through")
    assert np.array_equal(outputs[-1], network.predict(arrays))


@pytest.mark.parametrize("name", LAYERS)
def test_each_sum_is_made_of_the_numbers_that_it_shows(name: str) -> None:
    rng = np.random.default_rng(0)
    layer = made(name, rng)
    for parameter in layer.parameters.values():
        parameter[...] = rng.normal(size=parameter.shape)
    assert layer.input_shape is not None
    input = smooth_input(layer.input_shape, rng)
    output = layer.forward_propagation(input[np.newaxis])[0]
    for index in some_cells(output.shape, rng):
        cell = cell_sum(layer, input, index)
        assert cell.value == pytest.approx(output[index], rel=1e-12)
        assert np.array_equal(cell.inputs, input[cell.region])
        if cell.weights is not None:
            assert (cell.inputs * cell.weights).sum() + cell.bias == pytest.approx(output[index], rel=1e-12)
        nothing_else = np.full_like(input, 7.0)
        nothing_else[cell.region] = input[cell.region]
        assert layer.forward_propagation(nothing_else[np.newaxis])[0][index] == pytest.approx(output[index], rel=1e-12)


def test_equations_by_hand() -> None:
    """2 · 3 + (−1) · 0.5 = 5.5, and a bias of −0.25."""
    layer = FCLayer((2,), (1,))
    layer.weights[...] = [[3.0], [0.5]]
    layer.bias[...] = -0.25
    cell = cell_sum(layer, np.array([2.0, -1.0]), (0,))
    assert cell.equation == "Σ x · w + b = 5.500 + (−0.250) = 5.250"
    picture = np.array([[0.25, 1.0], [-2.0, 0.5]])[..., np.newaxis]
    assert cell_sum(MaxPoolingLayer((2, 2, 1)), picture, (0, 0, 0)).equation == (
        "max(0.250, 1.000, −2.000, 0.500) = 1.000"
    )
    assert cell_sum(ActivationLayer((2, 2, 1)), picture, (1, 0, 0)).equation == "relu(−2.000) = 0.000"
    assert cell_sum(FlattenLayer((2, 2, 1)), picture, (2,)).equation == "x[1, 0, 0] = −2.000"


def test_a_convolution_shows_the_patch_and_the_kernel() -> None:
    layer = ConvLayer((3, 3, 2), (2, 2), 3)
    input = np.arange(18.0).reshape(3, 3, 2)
    cell = cell_sum(layer, input, (1, 0, 2))
    assert cell.inputs[..., 0].tolist() == [[6, 8], [12, 14]]
    assert cell.weights is not None
    assert np.array_equal(cell.weights, layer.weights[..., 2])


def test_probabilities_are_those_of_the_classifier() -> None:
    rng = np.random.default_rng(0)
    network = build_network("quick", rng)
    classifier = DigitClassifier(network, {"temperature": 0.5})
    images = rng.integers(0, 256, (1, 28, 28), np.uint8)
    outputs: Array = network.predict(images_to_input(images))[0]
    for digit, probability in enumerate(classifier.predict_proba(images)[0]):
        assert probability_sum(outputs, digit, 0.5).value == pytest.approx(probability, rel=1e-5)


def test_format_number() -> None:
    assert [format_number(value) for value in (1.5, -0.25, -0.0001)] == ["1.500", "−0.250", "0.000"]
    assert [bracketed(value) for value in (1.5, -0.25)] == ["1.500", "(−0.250)"]


@pytest.mark.parametrize(
    ("power", "words"),
    [(0, "1.000"), (np.log(20), "20.000"), (np.log(2.5e7), "2.50 · 10^7"), (np.log(2.5e-7), "2.50 · 10^−7"),
     (1000 * np.log(10) + 1, "2.72 · 10^1000"), (np.log(9.996e7), "1.00 · 10^8")],
)  # fmt: skip
def test_powers_of_e_of_any_size_can_be_read(power: float, words: str) -> None:
    assert exponential(power) == words
