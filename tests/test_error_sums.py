"""The sums shown for single numbers of the backward pass equal the layers' backward passes, and differences."""

import numpy as np
import pytest

from app.texts.errors import error_text
from model import ActivationLayer, ConvLayer, FCLayer, Layer, MaxPoolingLayer
from model.architectures import ARCHITECTURES, build_network
from model.backward_pass import after_step, backward_pass
from model.cell_sums import layer_outputs
from model.error_sums import ErrorSum, bracketed_error, format_error, gradient_sum, input_error_sum
from model.layer import Array, Shape
from model.losses import softmax_cross_entropy
from model.network import Network
from model.weights import LAYERS as KINDS
from tests.layer_table import LAYERS, made, smooth_input
from tests.test_cell_sums import some_cells, with_some_bias

DIGIT, TEMPERATURE, STEP = 7, 0.5, 1e-6


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_layer_has_its_sums_and_a_text(kind: type[Layer]) -> None:
    """A new layer needs them for the Look inside page."""
    assert input_error_sum.dispatch(kind) is not input_error_sum.dispatch(Layer)
    assert error_text.dispatch(kind) is not error_text.dispatch(Layer)
    assert not kind.parameter_names or gradient_sum.dispatch(kind) is not gradient_sum.dispatch(Layer)


def difference(layer: Layer, input: Array, weighting: Array, array: Array, index: Shape) -> float:
    """∂E/∂ of one number of an array by a central difference, where E = Σ weighting · Y in prediction state."""

    def error() -> float:
        return float((weighting * layer.forward_propagation(input, training=False)).sum())

    value = array[index]
    array[index] = value + STEP
    above = error()
    array[index] = value - STEP
    below = error()
    array[index] = value
    return (above - below) / (2 * STEP)


@pytest.mark.parametrize("name", LAYERS)
def test_each_sum_is_the_backward_pass_and_a_difference_of_the_forward_pass(name: str) -> None:
    rng = np.random.default_rng(0)
    layer = made(name, rng)
    for array in [*layer.parameters.values(), *layer.statistics.values()]:
        array[...] = rng.uniform(0.5, 2, array.shape)
    assert layer.input_shape is not None
    input = smooth_input(layer.input_shape, rng)[np.newaxis]
    output_error = rng.normal(size=layer.forward_propagation(input).shape)
    input_error = layer.backward_propagation(output_error)

    def check(found: ErrorSum, backward: float, array: Array, index: Shape) -> None:
        assert np.array_equal(found.errors, output_error[0][found.region])
        assert found.value == pytest.approx(backward, rel=1e-12, abs=1e-12)
        assert found.value == pytest.approx(difference(layer, input, output_error, array, index), rel=1e-6, abs=1e-6)

    for index in some_cells(input.shape[1:], rng):
        found = input_error_sum(layer, input[0], output_error[0], index)
        check(found, input_error[0][index], input, (0, *index))
    for parameter, gradient in layer.gradients.items():
        for index in some_cells(gradient.shape, rng):
            found = gradient_sum(layer, input[0], output_error[0], parameter, index)
            check(found, gradient[index], layer.parameters[parameter], index)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_sum_makes_what_goes_back_through_the_network(architecture: str) -> None:
    rng = np.random.default_rng(0)
    network = with_some_bias(build_network(architecture, rng, np.float64), rng)
    picture = rng.random((1, 28, 28, 1))
    backward = backward_pass(network, picture, DIGIT, TEMPERATURE)
    arrays = [picture[0], *(output[0] for output in layer_outputs(network, picture))]
    for place, layer in enumerate(network.layers):
        input, output_error = arrays[place], backward.errors[place + 1]
        for index in some_cells(input.shape, rng, 5):
            found = input_error_sum(layer, input, output_error, index)
            assert found.value == pytest.approx(backward.errors[place][index], rel=1e-9, abs=1e-12), type(layer)
        for name, gradient in backward.gradients[place].items():
            for index in some_cells(gradient.shape, rng, 5):
                found = gradient_sum(layer, input, output_error, name, index)
                assert found.value == pytest.approx(gradient[index], rel=1e-9, abs=1e-12), type(layer)


def small_network(rng: np.random.Generator) -> Network:
    network = build_network("tiny", rng, np.float64)
    for name, array in network.arrays().items():
        if name.endswith("variance"):
            array[...] = rng.uniform(0.5, 2, array.shape)
    return network


def loss(network: Network, picture: Array) -> float:
    return softmax_cross_entropy(np.eye(10)[[DIGIT]], network.predict(picture) / TEMPERATURE)


def test_a_backward_pass_holds_the_derivatives_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    network, picture = small_network(rng), rng.random((1, 28, 28, 1))
    backward = backward_pass(network, picture, DIGIT, TEMPERATURE)
    assert backward.loss == pytest.approx(loss(network, picture))
    gradients = {f"{i}.{name}": array for i, layer in enumerate(backward.gradients) for name, array in layer.items()}
    arrays = {"picture": picture[0], **network.parameters()}
    for name, gradient in {"picture": backward.errors[0], **gradients}.items():
        index = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        value = arrays[name][index]
        arrays[name][index] = value + STEP
        above = loss(network, picture)
        arrays[name][index] = value - STEP
        below = loss(network, picture)
        arrays[name][index] = value
        assert gradient[index] == pytest.approx((above - below) / (2 * STEP), rel=1e-4), name


def test_a_step_goes_against_the_gradient_on_a_copy() -> None:
    rng = np.random.default_rng(0)
    network, picture = small_network(rng), rng.random((1, 28, 28, 1))
    before = {name: array.copy() for name, array in network.arrays().items()}
    backward = backward_pass(network, picture, DIGIT, TEMPERATURE)
    learned = after_step(network, backward.gradients, 0.01)
    for name, array in network.arrays().items():
        assert np.array_equal(array, before[name]), name
    moved = (before["0.weights"] - learned.parameters()["0.weights"]) / 0.01
    assert moved == pytest.approx(backward.gradients[0]["weights"], rel=1e-6, abs=1e-9)
    assert loss(learned, picture) < loss(network, picture)
    assert all(not layer.gradients for layer in network.layers)


def test_sums_by_hand() -> None:
    """Of a kernel 1 2 / 3 4 the middle of a 3×3 picture met each weight once, the last first."""
    layer = ConvLayer((3, 3, 1), (2, 2), 1)
    layer.weights[..., 0, 0] = [[1, 2], [3, 4]]
    picture, error = np.arange(9.0).reshape(3, 3, 1), np.array([[[1.0], [10.0]], [[100.0], [1000.0]]])
    middle = input_error_sum(layer, picture, error, (1, 1, 0))
    assert middle.factors[..., 0].tolist() == [[4, 3], [2, 1]]
    assert middle.value == 4 + 30 + 200 + 1000
    corner = input_error_sum(layer, picture, error, (0, 2, 0))
    assert (corner.errors.tolist(), corner.factors.tolist()) == ([[[10]]], [[[2]]])
    assert corner.equation == "∂E/∂y · w = 10.000 · 2.000 = 20.000"
    assert gradient_sum(layer, picture, error, "weights", (0, 1, 0, 0)).value == 1 + 20 + 400 + 5000
    assert gradient_sum(layer, picture, error, "bias", (0,)).equation == "Σ ∂E/∂y = 1.11 · 10³"


def test_of_equal_numbers_the_first_gets_the_error() -> None:
    layer, equal = MaxPoolingLayer((3, 2, 1)), np.ones((3, 2, 1))
    layer.forward_propagation(equal[np.newaxis])
    error = np.array([[[5.0]]])
    expected = layer.backward_propagation(error[np.newaxis])[0]
    sums = {index: input_error_sum(layer, equal, error, index) for index in np.ndindex(3, 2, 1)}
    assert {index: found.value for index, found in sums.items()} == {index: expected[index] for index in sums}
    assert sums[2, 0, 0].equation == "0: no output depends on it"


def test_equations_say_what_the_factor_is() -> None:
    relu = input_error_sum(ActivationLayer((2,)), np.array([-1.0, 2.0]), np.array([3.0, -0.00002]), (1,))
    assert relu.equation == "∂E/∂y · relu'(x) = −2.00 · 10⁻⁵ · 1.000 = −2.00 · 10⁻⁵"
    layer = FCLayer((2,), (1,))
    layer.weights[...] = [[-0.5], [0.25]]
    found = input_error_sum(layer, np.ones(2), np.array([0.5]), (0,))
    assert found.equation == "∂E/∂y · w = 0.500 · (−0.500) = −0.250"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (-0.0, "0"),  # as blank paper, 0, times a negative weight
        (0.5, "0.500"),
        (-0.0123, "−0.0123"),
        (0.001, "0.001"),
        (1.234e-5, "1.23 · 10⁻⁵"),
        (1000, "1.00 · 10³"),
        (-2e6, "−2.00 · 10⁶"),
    ],
)
def test_format_error(value: float, words: str) -> None:
    assert format_error(value) == words


def test_brackets_are_around_negative_numbers_alone() -> None:
    assert [bracketed_error(value) for value in (0.5, 0.0, -0.0, -0.5)] == ["0.500", "0", "0", "(−0.500)"]
