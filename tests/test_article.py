"""The article's own programs, and its formulas written out sample by sample."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy import signal

from data.datasets import Dataset
from model import ActivationLayer, ConvLayer, FCLayer, FlattenLayer, Network, mse, mse_prime, tanh, tanh_prime
from model.layer import Array

X_XOR = np.array([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]])
Y_XOR = np.array([[[0]], [[1]], [[1]], [[0]]])


LoadData = Callable[[], tuple[tuple[Array, Array], tuple[Array, Array]]]  # images and labels, to train and to test


def xor_network(rng: np.random.Generator | None = None) -> Network:
    net = Network()
    net.add(FCLayer((1, 2), (1, 3), rng=rng))
    net.add(ActivationLayer((1, 3), tanh, tanh_prime))
    net.add(FCLayer((1, 3), (1, 1), rng=rng))
    net.add(ActivationLayer((1, 1), tanh, tanh_prime))
    net.use(mse, mse_prime)
    return net


def printed_errors(text: str) -> list[float]:
    return [float(error) for error in re.findall(r"^epoch \d+/\d+ error=(\S+)$", text, re.MULTILINE)]


def test_xor_is_learned_for_nine_of_ten_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    learned = 0
    for seed in range(10):
        net = xor_network(np.random.default_rng(seed))
        net.fit(X_XOR, Y_XOR, epochs=1000, learning_rate=0.1)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 1000
        assert lines[-1].startswith("epoch 1000/1000 error=0.")
        if printed_errors(lines[-1])[0] < 0.001:
            learned += 1
            assert np.array_equal(np.round(net.predict(X_XOR)), Y_XOR)
    assert learned >= 9


def test_xor_runs_without_a_generator(capsys: pytest.CaptureFixture[str]) -> None:
    net = xor_network()
    net.fit(X_XOR, Y_XOR, epochs=2, learning_rate=0.1)
    assert len(printed_errors(capsys.readouterr().out)) == 2
    assert [output.shape for output in net.predict(X_XOR)] == [(1, 1)] * 4


def test_every_epoch_of_xor_has_the_error_of_the_articles_algorithm() -> None:
    net = xor_network(np.random.default_rng(3))
    first, second = net.layers[0].parameters, net.layers[2].parameters
    w1, b1, w2, b2 = (first["weights"].copy(), first["bias"].copy(), second["weights"].copy(), second["bias"].copy())
    errors: list[float] = []

    def counted_mse(y_true: Array, y_pred: Array) -> float:
        errors.append(mse(y_true, y_pred))
        return errors[-1]

    net.use(counted_mse, mse_prime)
    net.fit(X_XOR, Y_XOR, epochs=300, learning_rate=0.1)

    for epoch in range(300):
        error = 0.0
        for x, y in zip(X_XOR, Y_XOR, strict=True):
            hidden = np.dot(x, w1) + b1
            activated = np.tanh(hidden)
            output = np.dot(activated, w2) + b2
            predicted = np.tanh(output)
            error += np.mean((y - predicted) ** 2)
            output_error = (1 - np.tanh(output) ** 2) * (2 * (predicted - y) / y.size)
            hidden_error = (1 - np.tanh(hidden) ** 2) * np.dot(output_error, w2.T)
            w2 -= 0.1 * np.dot(activated.T, output_error)
            b2 -= 0.1 * output_error
            w1 -= 0.1 * np.dot(x.T, hidden_error)
            b1 -= 0.1 * hidden_error
        assert sum(errors[4 * epoch : 4 * epoch + 4]) / 4 == pytest.approx(error / 4, abs=1e-9, rel=0)


# The programs of the article and of its author's repository, from their data to their last line, but for the imports.


def xor_of_the_article() -> Array:
    # training data
    x_train = np.array([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]])
    y_train = np.array([[[0]], [[1]], [[1]], [[0]]])

    # network
    net = Network()
    net.add(FCLayer((1, 2), (1, 3)))
    net.add(ActivationLayer((1, 3), tanh, tanh_prime))
    net.add(FCLayer((1, 3), (1, 1)))
    net.add(ActivationLayer((1, 1), tanh, tanh_prime))

    # train
    net.use(mse, mse_prime)
    net.fit(x_train, y_train, epochs=1000, learning_rate=0.1)

    # test
    out = net.predict(x_train)
    print(out)
    return out


def xor_of_the_repository() -> Array:
    # training data
    x_train = np.array([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]])
    y_train = np.array([[[0]], [[1]], [[1]], [[0]]])

    # network
    net = Network()
    net.add(FCLayer(2, 3))
    net.add(ActivationLayer(tanh, tanh_prime))
    net.add(FCLayer(3, 1))
    net.add(ActivationLayer(tanh, tanh_prime))

    # train
    net.use(mse, mse_prime)
    net.fit(x_train, y_train, epochs=1000, learning_rate=0.1)

    # test
    out = net.predict(x_train)
    print(out)
    return out


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers without a generator, as in the article, draw the same weights in every run of a test."""
    rng = np.random.default_rng(1)
    monkeypatch.setattr(np.random, "default_rng", lambda: rng)


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("program", [xor_of_the_article, xor_of_the_repository])
def test_both_xor_programs_learn(program: Callable[[], Array], capsys: pytest.CaptureFixture[str]) -> None:
    out = program()
    errors = printed_errors(capsys.readouterr().out)
    assert len(errors) == 1000
    assert errors[-1] < 0.001
    assert np.array_equal(np.round(out), Y_XOR)


def mnist_of_the_repository(load_data: LoadData) -> tuple[Array, Array]:
    (x_train, y_train), (x_test, y_test) = load_data()

    # training data: one row of 28 * 28 numbers from 0 to 1 each, and targets with a single 1
    x_train = x_train.reshape(x_train.shape[0], 1, 28 * 28).astype("float32") / 255
    y_train = np.eye(10)[y_train]
    x_test = x_test.reshape(x_test.shape[0], 1, 28 * 28).astype("float32") / 255

    # network
    net = Network()
    net.add(FCLayer(28 * 28, 100))
    net.add(ActivationLayer(tanh, tanh_prime))
    net.add(FCLayer(100, 50))
    net.add(ActivationLayer(tanh, tanh_prime))
    net.add(FCLayer(50, 10))
    net.add(ActivationLayer(tanh, tanh_prime))

    # train on 1000 samples, as one sample at a time is slow
    net.use(mse, mse_prime)
    net.fit(x_train[0:1000], y_train[0:1000], epochs=5, learning_rate=0.1)

    # test
    out = net.predict(x_test)
    return out, y_test


def mnist_with_a_convolution(load_data: LoadData) -> tuple[Array, Array]:
    (x_train, y_train), (x_test, y_test) = load_data()

    # training data: pictures of depth 1
    x_train = x_train.reshape(x_train.shape[0], 28, 28, 1).astype("float32") / 255
    y_train = np.eye(10)[y_train]
    x_test = x_test.reshape(x_test.shape[0], 28, 28, 1).astype("float32") / 255

    # network
    net = Network()
    net.add(ConvLayer((28, 28, 1), (3, 3), 1))
    net.add(ActivationLayer(tanh, tanh_prime))
    net.add(FlattenLayer())
    net.add(FCLayer((1, 26 * 26 * 1), (1, 100)))
    net.add(ActivationLayer((1, 100), tanh, tanh_prime))
    net.add(FCLayer(100, 10))
    net.add(ActivationLayer(tanh, tanh_prime))

    # train on 1000 samples, as one sample at a time is slow
    net.use(mse, mse_prime)
    net.fit(x_train[0:1000], y_train[0:1000], epochs=5, learning_rate=0.1)

    # test
    out = net.predict(x_test)
    return out, y_test


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("program", [mnist_of_the_repository, mnist_with_a_convolution])
def test_the_mnist_programs_learn(program: Callable[[LoadData], tuple[Array, Array]], digits: Dataset) -> None:
    """On the small digits of scikit-learn, which are always there, and whose test images are other people's."""
    train, test = (digits.train_images, digits.train_labels), (digits.test_images, digits.test_labels)
    out, labels = program(lambda: (train, test))
    assert (out.reshape(-1, 10).argmax(axis=1) == labels).mean() > 0.7  # a guess: 0.1


def test_outputs_have_the_form_of_the_samples() -> None:
    """A row is (i,) or, as in the article, (1, i), whichever way the layers were written."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(5, 2))
    for layer in (FCLayer((1, 2), (1, 3), rng), FCLayer(2, 3, rng)):
        net = Network()
        net.add(layer)
        net.add(ActivationLayer(tanh, tanh_prime))
        assert net.predict(rows).shape == (5, 3)
        np.testing.assert_allclose(net.predict(rows[:, np.newaxis]), net.predict(rows)[:, np.newaxis], rtol=1e-12)


def test_arguments_have_the_articles_names() -> None:
    net = Network()
    net.add(layer=FCLayer(input_shape=(1, 2), output_shape=(1, 3)))
    net.add(layer=ActivationLayer(input_shape=(1, 3), activation=tanh, activation_prime=tanh_prime))
    net.use(loss=mse, loss_prime=mse_prime)
    y_train = net.predict(input=X_XOR)
    net.fit(x_train=X_XOR, y_train=y_train, epochs=1, learning_rate=0.1)
    layer = ConvLayer(input_shape=(5, 5, 2), kernel_shape=(3, 3), layer_depth=3)
    output = layer.forward_propagation(input=np.ones((1, 5, 5, 2)))
    layer.backward_propagation(output_error=output, learning_rate=0.1)
    assert mse(y_true=output, y_pred=output) == 0
    assert not mse_prime(y_true=output, y_pred=output).any()


def correlated(x: Array, weights: Array, bias: Array) -> Array:
    """A convolutional layer's output for one picture `(h, w, d)`, channel by channel, the bias added once."""
    return np.stack(
        [
            sum(signal.correlate2d(x[:, :, d], weights[:, :, d, k], "valid") for d in range(x.shape[2])) + bias[k]
            for k in range(weights.shape[3])
        ],
        axis=-1,
    )


@pytest.mark.parametrize(("input_shape", "kernel_shape", "depth"), [((6, 7, 3), (3, 2), 4), ((5, 5, 1), (5, 5), 2)])
def test_convolution_is_scipys(input_shape: tuple[int, int, int], kernel_shape: tuple[int, int], depth: int) -> None:
    rng = np.random.default_rng(0)
    layer = ConvLayer(input_shape, kernel_shape, depth, rng=rng)
    layer.bias = rng.normal(size=depth)
    x = rng.normal(size=(2, *input_shape))
    output = layer.forward_propagation(x, training=True)
    output_error = rng.normal(size=output.shape)
    input_error = layer.backward_propagation(output_error)

    weights_gradient = np.zeros_like(layer.weights)
    for n in range(2):
        np.testing.assert_allclose(output[n], correlated(x[n], layer.weights, layer.bias), atol=1e-12)
        expected_input_error = np.zeros(input_shape)
        for d in range(input_shape[2]):
            for k in range(depth):
                error = output_error[n, :, :, k]
                expected_input_error[:, :, d] += signal.convolve2d(error, layer.weights[:, :, d, k], "full")
                weights_gradient[:, :, d, k] += signal.correlate2d(x[n, :, :, d], error, "valid")
        np.testing.assert_allclose(input_error[n], expected_input_error, atol=1e-12)
    np.testing.assert_allclose(layer.gradients["weights"], weights_gradient, atol=1e-12)
    np.testing.assert_allclose(layer.gradients["bias"], output_error.sum(axis=(0, 1, 2)), atol=1e-12)


def test_the_articles_two_slips_in_the_bias_are_mended() -> None:
    layer = ConvLayer((3, 3, 2), (2, 2), 4)
    layer.weights[...] = 0
    layer.bias[...] = [1, 2, 3, 4]
    output = layer.forward_propagation(np.ones((1, 3, 3, 2)), training=True)
    assert np.array_equal(output[0, 0, 0], [1, 2, 3, 4])  # the article: twice that, once for each input channel
    layer.backward_propagation(np.ones((1, 2, 2, 4)))
    assert np.array_equal(layer.gradients["bias"], [4, 4, 4, 4])  # four pixels; the article: 16, times the depth


def test_a_convolutional_network_in_the_articles_calls_learns_as_scipy_does() -> None:
    rng = np.random.default_rng(0)
    net = Network()
    net.add(ConvLayer((5, 5, 2), (3, 3), 3, rng=rng))
    net.add(ActivationLayer((3, 3, 3), tanh, tanh_prime))
    net.add(FlattenLayer((3, 3, 3)))
    net.add(FCLayer((27,), (2,), rng=rng))
    errors: list[float] = []

    def counted_mse(y_true: Array, y_pred: Array) -> float:
        errors.append(mse(y_true, y_pred))
        return errors[-1]

    net.use(counted_mse, mse_prime)
    parameters = {key: array.copy() for key, array in net.parameters().items()}
    w, b, v, c = (parameters[key] for key in ("0.weights", "0.bias", "3.weights", "3.bias"))
    x_train, y_train = rng.normal(size=(4, 5, 5, 2)), rng.normal(size=(4, 2))
    net.fit(x_train, y_train, epochs=20, learning_rate=0.05)

    expected = []
    for _ in range(20):
        for x, y in zip(x_train, y_train, strict=True):
            before = correlated(x, w, b)
            flat = np.tanh(before).reshape(1, -1)
            predicted = flat @ v + c
            expected.append(np.mean((y - predicted) ** 2))
            output_error = 2 * (predicted - y) / y.size
            error = (output_error @ v.T).reshape(before.shape) * (1 - np.tanh(before) ** 2)
            v -= 0.05 * flat.T @ output_error
            c -= 0.05 * output_error
            for k in range(3):
                for d in range(2):
                    w[:, :, d, k] -= 0.05 * signal.correlate2d(x[:, :, d], error[:, :, k], "valid")
                b[k] -= 0.05 * error[:, :, k].sum()
    np.testing.assert_allclose(errors, expected, rtol=0, atol=1e-9)
