"""Every backward pass against differences of its forward pass; and the checker itself against a wrong one."""

import re

import numpy as np
import pytest

from model import (
    FCLayer,
    Layer,
    mse,
    mse_prime,
    relu,
    relu_prime,
    softmax_cross_entropy,
    softmax_cross_entropy_prime,
    tanh,
    tanh_prime,
)
from model.activations import ACTIVATIONS, Activation
from model.architectures import build_network
from model.layer import Array
from model.losses import LOSSES, Loss, LossPrime, softmax
from model.reading import evidence
from tests.gradient_check import TOLERANCE, layer_errors, network_errors, numeric_gradient, relative_error
from tests.layer_table import LAYERS, made, smooth_input
from tests.small_network import small_network


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name: str) -> None:
    rng = np.random.default_rng(0)
    layer = made(name, rng)
    assert layer.input_shape is not None
    errors = layer_errors(layer, smooth_input((3, *layer.input_shape), rng), rng)
    assert max(errors.values()) < TOLERANCE, errors


@pytest.mark.parametrize(("activation", "prime"), ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_activation(activation: Activation, prime: Activation) -> None:
    x = smooth_input((50,), np.random.default_rng(0))
    expected = numeric_gradient(lambda: float(activation(x).sum()), x)
    assert relative_error(prime(x), expected) < TOLERANCE


@pytest.mark.parametrize(("loss", "prime"), LOSSES.values(), ids=LOSSES)
def test_loss(loss: Loss, prime: LossPrime) -> None:
    rng = np.random.default_rng(0)
    y_pred = rng.normal(size=(4, 10))
    y_true = rng.dirichlet(np.ones(10), size=4)  # rows of probabilities
    assert relative_error(prime(y_true, y_pred), numeric_gradient(lambda: loss(y_true, y_pred), y_pred)) < TOLERANCE


@pytest.mark.parametrize(("loss", "prime"), LOSSES.values(), ids=LOSSES)
def test_whole_network(loss: Loss, prime: LossPrime) -> None:
    rng = np.random.default_rng(0)
    network = small_network(rng)
    errors = network_errors(network, loss, prime, rng.normal(size=(3, 8, 8, 2)), np.eye(10)[[3, 1, 4]])
    assert max(errors.values()) < TOLERANCE, errors


def test_named_architectures_have_a_gradient_for_every_parameter() -> None:
    for name in ("article", "quick"):
        network = build_network(name, np.random.default_rng(0))
        output = network.forward_propagation(np.ones((2, 28, 28, 1), np.float32), training=True)
        network.backward_propagation(output)
        gradients = network.gradients()
        assert {key: array.shape for key, array in gradients.items()} == {
            key: array.shape for key, array in network.parameters().items()
        }


class SlightlyWrong(FCLayer):
    """Its weights' gradient, or what it hands back, is a thousandth too large."""

    def __init__(self, wrong: str) -> None:
        super().__init__((3,), (2,))
        self.wrong = wrong

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        input_error = super().backward_propagation(output_error)
        if self.wrong == "input":
            return input_error * 1.001
        self.gradients[self.wrong] = self.gradients[self.wrong] * 1.001
        return input_error


@pytest.mark.parametrize("wrong", ["input", "weights", "bias"])
def test_the_checker_sees_a_gradient_that_is_a_thousandth_wrong(wrong: str) -> None:
    rng = np.random.default_rng(0)
    layer: Layer = SlightlyWrong(wrong)
    errors = layer_errors(layer, rng.normal(size=(4, 3)), rng)
    assert [name for name, error in errors.items() if error > TOLERANCE] == [wrong]


def test_the_checker_knows_a_known_derivative() -> None:
    x = np.array([0.5, -1.0, 2.0])
    assert relative_error(3 * x**2, numeric_gradient(lambda: float((x**3).sum()), x)) < TOLERANCE
    assert relative_error(3.003 * x**2, numeric_gradient(lambda: float((x**3).sum()), x)) > TOLERANCE


def test_functions_at_points_known_by_heart() -> None:
    assert tanh(np.array(0.0)) == 0
    assert tanh_prime(np.array(0.0)) == 1
    assert relu(np.array([-2.0, 3.0])).tolist() == [0, 3]
    assert relu_prime(np.array([-2.0, 3.0])).tolist() == [0, 1]
    y_true, y_pred = np.array([[0.0, 1.0]]), np.array([[2.0, 1.0]])
    assert mse(y_true, y_pred) == 2  # (2² + 0²) / 2
    assert mse_prime(y_true, y_pred).tolist() == [[2, 0]]
    # Equal logits are equal probabilities: −log ½, and half a probability too much on the wrong one.
    assert softmax_cross_entropy(np.array([[1.0, 0.0]]), np.zeros((1, 2))) == pytest.approx(np.log(2))
    assert softmax_cross_entropy_prime(np.array([[1.0, 0.0]]), np.zeros((1, 2))).tolist() == [[-0.5, 0.5]]


def test_losses_refuse_what_would_only_broadcast() -> None:
    rows, labels = np.zeros((4, 3)), np.zeros(4)
    for function in (function for pair in LOSSES.values() for function in pair):
        for y_true in (labels, labels[:, None], rows[:1], rows[None], rows[:, :1], np.zeros(())):
            message = f"same shape, got y_true {re.escape(str(y_true.shape))} and y_pred {re.escape(str(rows.shape))}"
            with pytest.raises(ValueError, match=message):
                function(y_true, rows)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_as_large_as_they_can_be(dtype: type) -> None:
    largest = 3e38 if dtype is np.float32 else 1.5e308
    logits: Array = np.array([[largest, -largest, 0], [-largest, -largest, -largest]], dtype)
    assert softmax(logits)[0].tolist() == [1, 0, 0]
    np.testing.assert_allclose(softmax(logits)[1], 1 / 3, rtol=1e-6)
    right: Array = np.eye(3, dtype=dtype)[[0, 1]]
    wrong: Array = np.eye(3, dtype=dtype)[[2, 1]]
    assert softmax_cross_entropy(right, logits) == pytest.approx(np.log(3) / 2)
    assert softmax_cross_entropy(wrong, logits) == pytest.approx(largest / 2)
    opposite: Array = np.eye(3, dtype=dtype)[[1, 1]]  # what lies further apart than float64 reaches is infinitely wrong
    assert softmax_cross_entropy(opposite, logits) == pytest.approx(3e38 if dtype is np.float32 else np.inf)
    assert softmax_cross_entropy_prime(wrong, logits)[0].tolist() == [0.5, 0, -0.5]
    assert (evidence(np.array([[largest, 0, 0], [largest, -largest, 0]], dtype)) > 1e37).all()


def test_softmax_cross_entropy_of_huge_logits() -> None:
    y_true = np.array([[1.0, 0.0]])
    logits = np.array([[-1e4, 1e4]])
    assert softmax_cross_entropy(y_true, logits) == 2e4
    assert softmax_cross_entropy_prime(y_true, logits).tolist() == [[-1, 1]]
