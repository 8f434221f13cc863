"""docs/derivations.md: its code computes what `model/` does and what differences of the forward pass say.

The functions of the page are run as they stand there, each against both.
"""

import re
from collections.abc import Callable
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
    Layer,
    MaxPoolingLayer,
    Network,
    mse,
    mse_prime,
    relu,
    relu_prime,
    softmax_cross_entropy,
    softmax_cross_entropy_prime,
    tanh,
    tanh_prime,
)
from model.layer import Array
from model.winograd import Winograd, matrices
from tests.gradient_check import TOLERANCE, numeric_gradient, relative_error
from tests.layer_table import smooth_input
from training.files import PROJECT
from training.optimizers import Adam

TEXT = (PROJECT / "docs/derivations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
PAGE: dict[str, Any] = {}  # the functions of the page
for block in BLOCKS:
    exec(block, PAGE)

EXACT = 1e-12  # relative: both sum the same numbers, in another order


def agree(computed: Any, layer: Layer, input: Array, output_error: Array) -> None:
    """What the page computed, ∂E/∂X and the parameters' gradients in the layer's order, is right twice over."""
    computed = computed if isinstance(computed, tuple) else (computed,)
    of_layer = (layer.backward_propagation(output_error), *(layer.gradients[name] for name in layer.parameter_names))
    assert len(computed) == len(of_layer)
    for ours, theirs in zip(computed, of_layer, strict=True):
        assert relative_error(ours, theirs) < EXACT

    def error() -> float:
        if layer.rng is not None:
            layer.rng = np.random.default_rng(1)
        return float((output_error * layer.forward_propagation(input, training=True)).sum())

    for ours, array in zip(computed, (input, *layer.parameters.values()), strict=True):
        assert relative_error(ours, numeric_gradient(error, array)) < TOLERANCE


def passed(layer: Layer, samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """An input that went through the layer, and an error of its output."""
    assert layer.input_shape is not None
    input = smooth_input((samples, *layer.input_shape), rng)
    for parameter in layer.parameters.values():
        parameter[...] = rng.normal(size=parameter.shape)
    if layer.rng is not None:
        layer.rng = np.random.default_rng(1)
    return input, rng.normal(size=layer.forward_propagation(input, training=True).shape)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_differences(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3))
    computed = PAGE["differences"](lambda: float((x**3).sum()), x)
    assert relative_error(computed, 3 * x**2) < TOLERANCE
    assert np.array_equal(computed, numeric_gradient(lambda: float((x**3).sum()), x))


def test_fully_connected_layer(rng: np.random.Generator) -> None:
    layer = FCLayer(4, 3, rng)
    input, output_error = passed(layer, 2, rng)
    agree(PAGE["fully_connected_backward"](input, layer.weights, output_error), layer, input, output_error)


@pytest.mark.parametrize(
    ("function", "layer"),
    [("tanh_backward", ActivationLayer(5, tanh, tanh_prime)), ("relu_backward", ActivationLayer(5, relu, relu_prime))],
)
def test_activation_layer(function: str, layer: ActivationLayer, rng: np.random.Generator) -> None:
    input, output_error = passed(layer, 4, rng)
    agree(PAGE[function](input, output_error), layer, input, output_error)


@pytest.mark.parametrize(
    ("function", "loss", "loss_prime"),
    [
        ("mean_squared_error_backward", mse, mse_prime),
        ("softmax_cross_entropy_backward", softmax_cross_entropy, softmax_cross_entropy_prime),
    ],
)
def test_losses(
    function: str,
    loss: Callable[[Array, Array], float],
    loss_prime: Callable[[Array, Array], Array],
    rng: np.random.Generator,
) -> None:
    output = rng.normal(size=(3, 4))
    for target in (np.eye(4)[[2, 0, 2]], rng.dirichlet(np.ones(4), size=3)):
        computed = PAGE[function](target, output)
        assert relative_error(computed, loss_prime(target, output)) < EXACT
        difference = numeric_gradient(lambda target=target: loss(target, output), output)  # type: ignore[misc]
        assert relative_error(computed, difference) < TOLERANCE


@pytest.mark.parametrize(
    ("shape", "kernel", "depth"), [((5, 4, 1), (2, 2), 1), ((5, 6, 3), (2, 3), 4), ((4, 5, 2), (3, 2), 1)]
)
def test_convolution(
    shape: tuple[int, int, int], kernel: tuple[int, int], depth: int, rng: np.random.Generator
) -> None:
    layer = ConvLayer(shape, kernel, depth, rng)
    input, output_error = passed(layer, 2, rng)
    output = layer.forward_propagation(input, training=True)
    assert relative_error(PAGE["convolution"](input, layer.weights, layer.bias), output) < EXACT
    computed = PAGE["convolution_backward"](input, layer.weights, output_error)
    agree(computed, layer, input, output_error)
    turned = PAGE["convolution_input_error"](layer.weights, output_error)
    assert relative_error(turned, computed[0]) < EXACT


@pytest.mark.parametrize(("side", "m"), [(10, 4), (14, 6)])
def test_winograd(side: int, m: int, rng: np.random.Generator) -> None:
    layer = ConvLayer((side, side, 2), (3, 3), 3, rng)
    input, output_error = passed(layer, 1, rng)
    computed = PAGE["winograd_backward"](input, layer.weights, output_error, *matrices(m, np.float64))
    fast = Winograd(layer.weights, side, side)
    assert fast.m == m
    weights_gradient, _, input_error = fast.backward(input, output_error)
    assert relative_error(computed[0], input_error) < 1e-10  # the tiles' matrices round
    assert relative_error(computed[1], weights_gradient) < 1e-10
    plain_input_error = layer.backward_propagation(output_error)
    assert relative_error(computed[0], plain_input_error) < 1e-10
    assert relative_error(computed[1], layer.gradients["weights"]) < 1e-10

    def error() -> float:
        return float((output_error * layer.forward_propagation(input, training=False)).sum())

    assert relative_error(computed[0], numeric_gradient(error, input)) < TOLERANCE
    assert relative_error(computed[1], numeric_gradient(error, layer.weights)) < TOLERANCE


@pytest.mark.parametrize("pool", [(2, 2), (2, 3), (3, 1)])
def test_max_pooling(pool: tuple[int, int], rng: np.random.Generator) -> None:
    layer = MaxPoolingLayer((5, 7, 2), pool)
    input, output_error = passed(layer, 2, rng)
    agree(PAGE["max_pooling_backward"](input, output_error, *pool), layer, input, output_error)


def test_max_pooling_of_equal_numbers(rng: np.random.Generator) -> None:
    layer = MaxPoolingLayer((6, 6, 1), (3, 3))
    input = rng.integers(0, 2, size=(20, 6, 6, 1)).astype(np.float64)
    output_error = rng.normal(size=layer.forward_propagation(input, training=True).shape)
    computed = PAGE["max_pooling_backward"](input, output_error, 3, 3)
    assert np.array_equal(computed, layer.backward_propagation(output_error))


def test_flatten(rng: np.random.Generator) -> None:
    layer = FlattenLayer((3, 2, 2))
    input, output_error = passed(layer, 2, rng)
    agree(PAGE["flatten_backward"](input, output_error), layer, input, output_error)


def test_dropout(rng: np.random.Generator) -> None:
    layer = DropoutLayer((4, 5), 0.4, rng)
    input, output_error = passed(layer, 2, rng)
    assert layer.mask is not None
    assert 0 < layer.mask.mean() < 1
    agree(PAGE["dropout_backward"](layer.mask, 0.4, output_error), layer, input, output_error)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 2)])
def test_batch_normalization(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    layer = BatchNormalizationLayer(shape)
    input, output_error = passed(layer, 4, rng)
    input *= 3
    layer.forward_propagation(input, training=True)
    depth = shape[-1]
    function = PAGE["batch_normalization_backward"]
    input_error, *gradients = function(input.reshape(-1, depth), layer.scale, output_error.reshape(-1, depth))
    agree((input_error.reshape(input.shape), *gradients), layer, input, output_error)


def test_the_step_of_adam_and_the_plain_one(rng: np.random.Generator) -> None:
    weights, gradients = rng.normal(size=(2, 3)), rng.normal(size=(4, 2, 3))
    layer = FCLayer(2, 3, rng)
    layer.weights[...] = weights
    layer.gradients = {"weights": gradients[0], "bias": np.zeros((1, 3))}
    layer._take_step(0.1)
    plain = weights.copy()
    PAGE["plain_step"](plain, gradients[0], 0.1)
    assert np.array_equal(plain, layer.weights)

    adam, theirs, ours = Adam(), weights.copy(), weights.copy()
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for t, gradient in enumerate(gradients, start=1):
        adam.step({"w": theirs}, {"w": gradient}, 0.1)
        PAGE["adam_step"](ours, gradient, mean, square, t, 0.1)
        assert relative_error(ours, theirs) < EXACT
    np.testing.assert_allclose(mean, adam.state["w.mean"], rtol=1e-9)
    np.testing.assert_allclose(square, adam.state["w.square"], rtol=1e-9)


def test_momentum_is_adams_mean_without_its_scale(rng: np.random.Generator) -> None:
    adam, weights = Adam(beta1=0.8), rng.normal(size=(2, 3))
    velocity, before = np.zeros_like(weights), weights.copy()
    for gradient in rng.normal(size=(4, 2, 3)):
        adam.step({"w": np.zeros_like(weights)}, {"w": gradient}, 0.1)
        PAGE["momentum_step"](weights, gradient, velocity, 0.1, momentum=0.8)
        np.testing.assert_allclose(velocity * (1 - 0.8), adam.state["w.mean"], rtol=1e-9)
        np.testing.assert_allclose(before - weights, 0.1 * velocity, rtol=1e-9)
        before = weights.copy()


NUMBERS = r"\\begin\{pmatrix\}(?P<matrix>.*?)\\end\{pmatrix\}|(?P<number>-?[\d.]+)"
WRITTEN = {
    match["name"].replace(r"\partial E/\partial ", "∂"): np.array(
        [[float(value) for value in row.split("&")] for row in (match["matrix"] or match["number"]).split(r"\\")]
    )
    for match in re.finditer(rf"^(?P<name>[\w'\\ /]+?) &= (?:{NUMBERS})", TEXT, re.MULTILINE)
}


def example() -> Network:
    """The network of the worked example, with the weights written there."""
    network = Network((3, 3, 1))
    conv, neuron = ConvLayer((3, 3, 1), (2, 2), 1), FCLayer(4, 1)
    for layer in (conv, ActivationLayer(relu, relu_prime), FlattenLayer(), neuron):
        network.add(layer)
    conv.weights[...], conv.bias[...] = WRITTEN["W"].reshape(2, 2, 1, 1), WRITTEN["b"].item()
    neuron.weights[...], neuron.bias[...] = WRITTEN["V"], WRITTEN["c"]
    network.use(mse, mse_prime)
    return network


def test_every_number_of_the_worked_example() -> None:
    names = "X W b V c Y Z u E ∂u ∂V ∂c ∂Z ∂Y ∂W ∂b ∂X W' b' V' c' u' E'"
    assert list(WRITTEN) == names.split()
    network, target, x = example(), np.array([[4.0]]), WRITTEN["X"].reshape(1, 3, 3, 1)
    conv, activation, flatten, neuron = network.layers
    found = {"Y": conv.forward_propagation(x)}
    found["Z"] = activation.forward_propagation(found["Y"])
    found["u"] = neuron.forward_propagation(flatten.forward_propagation(found["Z"]))
    found["E"] = np.array(mse(target, found["u"]))
    found["∂u"] = mse_prime(target, found["u"])
    found["∂Z"] = flatten.backward_propagation(neuron.backward_propagation(found["∂u"]))
    found["∂Y"] = activation.backward_propagation(found["∂Z"])
    found["∂X"] = conv.backward_propagation(found["∂Y"])
    found |= {"∂V": neuron.gradients["weights"], "∂c": neuron.gradients["bias"]}
    found |= {"∂W": conv.gradients["weights"], "∂b": conv.gradients["bias"]}
    network.backward_propagation(found["∂u"], learning_rate=0.01)
    found |= {"V'": neuron.parameters["weights"], "c'": neuron.parameters["bias"]}
    found |= {"W'": conv.parameters["weights"], "b'": conv.parameters["bias"]}
    found["u'"] = network.predict(x)
    found["E'"] = np.array(mse(target, found["u'"]))
    for name in set(WRITTEN) - {"X", "W", "b", "V", "c"}:
        np.testing.assert_allclose(found[name].reshape(WRITTEN[name].shape), WRITTEN[name], rtol=1e-12, err_msg=name)


def test_the_example_is_the_page_functions_one_after_the_other() -> None:
    x, target = WRITTEN["X"].reshape(1, 3, 3, 1), np.array([[4.0]])
    arrays = {"X": x, **{name: WRITTEN[name] for name in "WbVc"}}
    arrays["W"] = arrays["W"].reshape(2, 2, 1, 1)
    computed = PAGE["example_backward"](*arrays.values(), target)
    for name, array in computed.items():
        np.testing.assert_array_equal(array.reshape(WRITTEN[f"∂{name}"].shape), WRITTEN[f"∂{name}"], err_msg=name)
    assert {f"∂{name}" for name in computed} == {name for name in WRITTEN if name.startswith("∂")}


def test_every_function_is_short() -> None:
    for block in BLOCKS:
        for function in block.strip().split("\n\ndef "):
            assert len(function.splitlines()) <= 15, function


def test_the_code_that_is_named_is_there() -> None:
    """Each "In the code" links files of the project, and quotes functions and expressions that stand in them."""
    named = re.findall(r"\*\*In the code:\*\*(.*?)\n\n", f"{TEXT}\n", re.DOTALL)
    assert len(named) == TEXT.count("**In the code:**") == 13
    link = r"\[`([\w/]+\.py)`\]\(\.\./([\w/]+\.py)\)"
    for paragraph in named:
        text = " ".join(paragraph.split())
        files = re.findall(link, text)
        assert files
        assert all(shown == linked for shown, linked in files)
        source = "".join((PROJECT / file).read_text(encoding="utf-8") for file, _ in files)
        quoted = re.findall(r"`([^`]+)`", re.sub(rf"{link}|\$`.*?`\$", "", text))
        assert quoted
        for code in quoted:
            assert f"def {code}(" in source if code.islower() and code.isidentifier() else code in source, code


def test_the_contents_name_every_section() -> None:
    sections = re.findall(r"^##+ (.*)$", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL), re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", section.lower()).replace(" ", "-") for section in sections]
    listed = re.findall(r"\]\(#([^)]*)\)", TEXT)
    assert listed == anchors
