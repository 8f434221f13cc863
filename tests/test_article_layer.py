"""Layers in the article's own style: two methods, one sample at a time, and a step with every backward pass."""

import copy
import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest

from model import (
    ActivationLayer,
    FCLayer,
    FlattenLayer,
    Layer,
    Network,
    mse,
    mse_prime,
    save_network,
    softmax_cross_entropy,
    softmax_cross_entropy_prime,
    tanh,
    tanh_prime,
)
from model.layer import Array
from training.optimizers import Adam

# mypy: disable-error-code="no-untyped-def, override, union-attr"
# The layers below are written as a reader of the article writes them: nothing of `Layer` but its name.


class ArticleFC(Layer):
    def __init__(self, input_shape, output_shape):
        rng = np.random.default_rng(0)
        self.input_shape = input_shape
        self.output_shape = output_shape
        self.weights = rng.random((input_shape[1], output_shape[1])) - 0.5
        self.bias = rng.random((1, output_shape[1])) - 0.5

    def forward_propagation(self, input):
        self.input = input
        self.output = np.dot(self.input, self.weights) + self.bias
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.weights.T)
        weights_error = np.dot(self.input.T, output_error)
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error
        return input_error


class RepositoryFC(ArticleFC):
    """Says neither shape, and puts new arrays in the place of the old."""

    def __init__(self, input_size, output_size):
        super().__init__((1, input_size), (1, output_size))
        del self.input_shape, self.output_shape

    def backward_propagation(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.weights.T)
        self.weights = self.weights - learning_rate * np.dot(self.input.T, output_error)
        self.bias = self.bias - learning_rate * output_error
        return input_error


class NamedFC(ArticleFC):
    parameter_names = ("weights", "bias")


class Doubled:
    """No `Layer` at all, and nothing to learn."""

    def forward_propagation(self, input):
        return 2 * input

    def backward_propagation(self, output_error, learning_rate):
        return 2 * output_error


X = np.random.default_rng(1).normal(size=(6, 1, 4))
Y = np.tanh(X @ np.random.default_rng(2).normal(size=(4, 2)))


def network(*layers: Any) -> Network:
    net = Network()
    for layer in layers:
        net.add(layer)
    net.use(mse, mse_prime)
    return net


def ours(like: Any) -> FCLayer:
    """The project's layer with the same weights."""
    layer = FCLayer(like.weights.shape[0], like.weights.shape[1])
    layer.weights[...], layer.bias[...] = like.weights, like.bias
    return layer


def test_they_learn_and_predict_what_ours_do(capsys: pytest.CaptureFixture[str]) -> None:
    first, last = ArticleFC((1, 4), (1, 3)), RepositoryFC(3, 2)
    expected = network(ours(first), ActivationLayer(tanh, tanh_prime), Scaled(2), ours(last))
    theirs = network(first, ActivationLayer(tanh, tanh_prime), Doubled(), last)
    np.testing.assert_allclose(theirs.predict(X), expected.predict(X), rtol=1e-12)
    before = mse(Y, theirs.predict(X))
    theirs.fit(X, Y, epochs=20, learning_rate=0.05)
    printed = capsys.readouterr().out
    expected.fit(X, Y, epochs=20, learning_rate=0.05)
    assert printed == capsys.readouterr().out
    assert mse(Y, theirs.predict(X)) < before / 2
    np.testing.assert_allclose(theirs.predict(X), expected.predict(X), rtol=1e-10)
    np.testing.assert_allclose(last.weights, expected.layers[3].parameters["weights"], rtol=1e-10)


class Scaled(ActivationLayer):
    """Y = factor · X, with an activation of ours."""

    def __init__(self, factor: float) -> None:
        super().__init__(lambda x: factor * x, lambda x: np.full_like(x, factor))


def test_they_may_stand_behind_layers_of_ours_and_before_them() -> None:
    pictures = np.random.default_rng(0).normal(size=(5, 2, 2, 1))
    for layer in (ArticleFC((1, 4), (1, 3)), RepositoryFC(4, 3)):
        net = network(FlattenLayer((2, 2, 1)), layer, ActivationLayer(tanh, tanh_prime), FCLayer(3, 2))
        assert net.predict(pictures).shape == (5, 1, 2)
        with redirect_stdout(io.StringIO()):
            net.fit(pictures, np.ones((5, 2)), epochs=30, learning_rate=0.1)
        assert mse(np.ones((5, 1, 2)), net.predict(pictures)) < 0.05


def test_prediction_writes_nothing_to_them_either() -> None:
    layer = ArticleFC((1, 4), (1, 2))
    net = network(layer)
    before = copy.deepcopy(vars(layer))
    expected = net.predict(X)
    with ThreadPoolExecutor(4) as threads:
        assert all(np.array_equal(output, expected) for output in threads.map(net.predict, [X] * 40))
    assert vars(layer).keys() == before.keys()
    assert np.array_equal(layer.weights, before["weights"])
    adapter: Any = net.layers[0]
    assert adapter.weights is layer.weights


def test_an_optimizer_is_refused_where_it_would_leave_something_out() -> None:
    net = network(FCLayer((1, 4), (1, 4)), ArticleFC((1, 4), (1, 2)))
    message = r"ArticleFC does not say what it learns.*parameter_names = \('bias', 'weights'\)"
    with pytest.raises(ValueError, match=message):
        net.parameters()
    output = net.forward_propagation(X, training=True)
    with pytest.raises(ValueError, match=message):
        net.backward_propagation(output)
    with pytest.raises(ValueError, match=message):
        net.compute_gradients(output)


def test_an_optimizer_learns_what_is_named_with_the_gradients_of_ours() -> None:
    layer = NamedFC((1, 4), (1, 2))
    theirs, expected = network(layer, Doubled()), network(ours(layer), Scaled(2))
    optimizers = Adam(), Adam()
    for _ in range(3):
        for net, optimizer in zip((theirs, expected), optimizers, strict=True):
            replica = net.replica()
            output_error = mse_prime(Y, replica.forward_propagation(X, training=True))
            replica.backward_propagation(output_error)
            optimizer.step(net.parameters(), replica.gradients(), 0.1)
        assert theirs.parameters().keys() == {"0.weights", "0.bias"}
        for name, array in expected.parameters().items():
            np.testing.assert_allclose(theirs.parameters()[name], array, rtol=1e-9, err_msg=name)


def test_what_is_named_may_be_put_into_memory_that_others_see() -> None:
    """As a process that takes part in the training does."""
    net = pickle.loads(pickle.dumps(network(NamedFC((1, 4), (1, 2)))))
    before, shared = net.predict(X), np.zeros((4, 2))
    net.layers[0].weights = shared
    assert net.layers[0].weights is net.parameters()["0.weights"] is shared
    assert not np.array_equal(net.predict(X), before)


def test_a_batch_learns_one_sample_after_the_other() -> None:
    layer = RepositoryFC(4, 2)
    theirs, expected = network(layer), network(ours(layer))
    theirs.backward_propagation(mse_prime(Y, theirs.forward_propagation(X, training=True)), learning_rate=0.1)
    output_error = mse_prime(Y, expected.forward_propagation(X, training=True))
    for x, error in zip(X, output_error, strict=True):
        expected.forward_propagation(x[np.newaxis], training=True)
        expected.backward_propagation(error[np.newaxis], learning_rate=0.1)
    np.testing.assert_allclose(theirs.predict(X), expected.predict(X), rtol=1e-10)


def test_what_they_cannot_do_is_said_in_words(tmp_path: Any) -> None:
    net = Network()
    net.add(RepositoryFC(4, 3))
    with pytest.raises(ValueError, match=r"layer 1, FCLayer: give it its input_shape, as the layer before has no outp"):
        net.add(FCLayer(output_shape=2))
    with pytest.raises(ValueError, match=r"layer 1, ArticleFC, expects \(n, 1, 3\), got \(n, 4\)"):
        network(FCLayer(2, 4), ArticleFC((1, 3), (1, 2)))
    layer = Doubled()
    with pytest.raises(ValueError, match="this Doubled is in the network already"):
        network(FCLayer(2, 4), layer, layer)
    with pytest.raises(ValueError, match="a weights file cannot name this Doubled"):
        save_network(tmp_path / "weights.npz", network(FCLayer(2, 4), Doubled()))
    for no_layer in (FCLayer, "FCLayer", tanh):
        with pytest.raises(TypeError, match=r"add expects a layer such as FCLayer\(784, 10\)"):
            Network().add(no_layer)
    with pytest.raises(RuntimeError, match="call forward_propagation"):
        network(NamedFC((1, 4), (1, 2))).backward_propagation(Y)


def test_a_softmax_goes_with_them_as_well() -> None:
    net = network(ArticleFC((1, 4), (1, 3)))
    net.use(softmax_cross_entropy, softmax_cross_entropy_prime)
    targets: Array = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    before = softmax_cross_entropy(targets[:, np.newaxis], net.predict(X))
    with redirect_stdout(io.StringIO()):
        net.fit(X, targets, epochs=100, learning_rate=0.2)
    assert softmax_cross_entropy(targets[:, np.newaxis], net.predict(X)) < before / 2
