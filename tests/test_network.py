"""The network: shapes that are inferred or refused, prediction that changes nothing, determinism, learning."""

import copy
import threading

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
    mse,
    mse_prime,
    softmax_cross_entropy,
    softmax_cross_entropy_prime,
    tanh,
    tanh_prime,
)
from model.architectures import build_network
from model.layer import Array, Layer
from tests.small_network import small_network


def test_shapes_are_taken_from_the_layer_before() -> None:
    network = build_network("quick", np.random.default_rng(0))
    shapes = [layer.output_shape for layer in network.layers]
    assert shapes[:4] == [(24, 24, 16), (12, 12, 16), (12, 12, 16), (12, 12, 16)]
    assert shapes[4:8] == [(10, 10, 32), (5, 5, 32), (5, 5, 32), (5, 5, 32)]
    assert shapes[8:] == [(800,), (128,), (128,), (128,), (10,)]
    network = build_network("article", np.random.default_rng(0))
    assert [layer.output_shape for layer in network.layers][2:] == [(676,), (100,), (100,), (10,), (10,)]


def test_the_articles_network_is_the_articles() -> None:
    network = build_network("article", np.random.default_rng(0))
    shapes = {key: array.shape for key, array in network.parameters().items()}
    assert shapes == {
        "0.weights": (3, 3, 1, 1),
        "0.bias": (1,),
        "3.weights": (676, 100),
        "3.bias": (1, 100),
        "5.weights": (100, 10),
        "5.bias": (1, 10),
    }


@pytest.mark.parametrize(
    ("before", "layer", "message"),
    [
        ((26, 26, 1), FCLayer(output_shape=(10,)), r"FCLayer expects \(n, 676\), got \(n, 26, 26, 1\).*FlattenLayer"),
        ((10,), FCLayer((12,), (3,)), r"layer 1, FCLayer, expects \(n, 12\), got \(n, 10\).*leave its input_shape out"),
        ((10,), ConvLayer(), r"ConvLayer expects \(n, ≥3, ≥3, d\), got \(n, 10\)"),
        ((2, 2, 1), ConvLayer(), r"ConvLayer expects \(n, ≥3, ≥3, d\), got \(n, 2, 2, 1\)"),
        ((1, 5, 1), MaxPoolingLayer(), r"MaxPoolingLayer expects \(n, ≥2, ≥2, d\), got \(n, 1, 5, 1\)"),
    ],
)
def test_a_layer_that_does_not_fit_is_refused(before: tuple[int, ...], layer: Layer, message: str) -> None:
    network = Network()
    network.add(ActivationLayer(before))
    with pytest.raises(ValueError, match=message):
        network.add(layer)
    assert len(network.layers) == 1


def test_what_else_is_refused() -> None:
    with pytest.raises(ValueError, match="FlattenLayer is the first layer: give it its input_shape"):
        Network().add(FlattenLayer())
    with pytest.raises(ValueError, match="dropped"):
        DropoutLayer(rate=1.0)
    with pytest.raises(ValueError, match="dropped"):
        DropoutLayer(1)
    with pytest.raises(ValueError, match="no architecture is named 'alexnet': there are article, quick"):
        build_network("alexnet", np.random.default_rng(0))
    network = build_network("quick", np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"expects \(n, 28, 28, 1\), got an array of shape \(28, 28, 1\)"):
        network.predict(np.zeros((28, 28, 1)))
    with pytest.raises(ValueError, match="call use"):
        network.fit(np.zeros((1, 28, 28, 1)), np.zeros((1, 10)), epochs=1, learning_rate=0.1)
    with pytest.raises(ValueError, match="no layers"):
        Network().predict(np.zeros((1, 2)))
    layer = FCLayer(3, 3)
    network = Network()
    network.add(layer)
    with pytest.raises(ValueError, match="this FCLayer is in the network already: make another"):
        network.add(layer)
    assert network.layers == [layer]
    with pytest.raises(ValueError, match=r"pictures come as \(n, h, w, d\), got .*\(5, 5, 2\): one is picture\[None\]"):
        ConvLayer((5, 5, 2)).forward_propagation(np.zeros((5, 5, 2)))
    with pytest.raises(ValueError, match=r"pictures come as \(n, h, w, d\)"):
        MaxPoolingLayer((4, 4, 2)).forward_propagation(np.zeros((4, 4, 2)))


def test_prediction_of_many_is_prediction_of_each_and_writes_nothing() -> None:
    network = small_network(np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(2 * Network.PREDICTED_AT_ONCE + 3, 8, 8, 2))
    before = copy.deepcopy([vars(layer) for layer in network.layers])
    together = network.predict(x)
    assert together.shape == (len(x), 10)
    np.testing.assert_allclose(together, np.concatenate([network.predict(one[None]) for one in x]), rtol=1e-10)
    for layer, was in zip(network.layers, before, strict=True):
        assert vars(layer).keys() == was.keys()
        assert layer.input is None
        assert all(np.array_equal(was[name], array) for name, array in layer.parameters.items())
    assert network.predict(np.zeros((0, 8, 8, 2))).shape == (0, 10)


def test_threads_can_predict_with_one_network_at_once() -> None:
    network = small_network(np.random.default_rng(0))
    inputs = np.random.default_rng(1).normal(size=(8, 50, 8, 8, 2))
    expected = [network.predict(x) for x in inputs]
    wrong = []

    def predict(number: int) -> None:
        for _ in range(10):
            if not np.array_equal(network.predict(inputs[number]), expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=predict, args=(number,)) for number in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_integers_do_not_turn_a_float32_network_into_a_float64_one() -> None:
    network = small_network(np.random.default_rng(0), np.float32)
    assert network.predict(np.ones((2, 8, 8, 2), int)).dtype == np.float32
    output = network.forward_propagation(np.ones((2, 8, 8, 2), np.float32), training=True)
    target = np.eye(10, dtype=np.float32)[[1, 2]]
    for prime in (mse_prime, softmax_cross_entropy_prime):
        assert network.backward_propagation(prime(target, output)).dtype == np.float32
    assert {array.dtype for array in network.gradients().values()} == {np.dtype(np.float32)}


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    layer = DropoutLayer((1000,), rate=0.3, rng=np.random.default_rng(0))
    output = layer.forward_propagation(np.ones((100, 1000)), training=True)
    assert set(np.unique(output)) == {0, 1 / 0.7}
    assert (output == 0).mean() == pytest.approx(0.3, abs=0.005)
    assert output.mean() == pytest.approx(1, abs=0.01)
    assert np.array_equal(layer.forward_propagation(np.ones((2, 1000))), np.ones((2, 1000)))


def test_of_equal_values_the_upper_one_in_the_leftmost_column_gets_the_pooled_error() -> None:
    """Columns first, where PyTorch goes along the rows: it would choose the second of the first row."""
    layer = MaxPoolingLayer((2, 2, 1))
    layer.forward_propagation(np.array([[1.0, 5.0], [5.0, 5.0]])[np.newaxis, ..., np.newaxis], training=True)
    assert layer.backward_propagation(np.full((1, 1, 1, 1), 3.0)).ravel().tolist() == [0, 0, 3, 0]


def test_an_infinite_error_stays_where_it_belongs() -> None:
    """0 · ∞ is not a number: layers that let an error through, or do not, may not multiply with 0 and 1."""
    for dtype in (np.float32, np.float64):
        error = np.full((1, 1, 1, 1), np.inf, dtype)
        pooling = MaxPoolingLayer((2, 3, 1), (2, 3))
        pooling.forward_propagation(np.array([[1, 2, 0], [0, 4, 3]], dtype)[np.newaxis, ..., np.newaxis], training=True)
        assert pooling.backward_propagation(error).ravel().tolist() == [0, 0, 0, 0, np.inf, 0]
        activation = ActivationLayer((3,))
        activation.forward_propagation(np.array([[-1, 0, 2]], dtype), training=True)
        assert activation.backward_propagation(np.full((1, 3), -np.inf, dtype)).tolist() == [[0, 0, -np.inf]]
        dropout = DropoutLayer((100,), rng=np.random.default_rng(0))
        kept = dropout.forward_propagation(np.ones((1, 100), dtype), training=True) > 0
        assert np.array_equal(dropout.backward_propagation(np.full((1, 100), np.inf, dtype)), np.where(kept, np.inf, 0))


def test_the_first_of_equal_values_gets_the_pooled_error() -> None:
    layer = MaxPoolingLayer((2, 2, 1))
    layer.forward_propagation(np.full((1, 2, 2, 1), 5.0), training=True)
    assert layer.backward_propagation(np.full((1, 1, 1, 1), 3.0)).ravel().tolist() == [3, 0, 0, 0]


def test_learning_goes_back_no_further_than_to_the_first_layer_that_learns() -> None:
    network = Network((4, 4, 1), np.random.default_rng(0))
    for layer in (MaxPoolingLayer(pool_shape=(2, 2)), FlattenLayer(), FCLayer(output_shape=3), FCLayer(output_shape=2)):
        network.add(layer)
    x = np.random.default_rng(1).random((5, 4, 4, 1))
    error = network.forward_propagation(x, training=True)
    network.backward_propagation(error)
    expected = network.gradients()
    network.layers[1].backward_propagation = None  # type: ignore[method-assign, assignment]
    network.compute_gradients(error)
    assert network.gradients().keys() == expected.keys()
    assert all(np.array_equal(expected[name], array) for name, array in network.gradients().items())


def test_the_same_generator_gives_the_same_weights() -> None:
    one, two, other = (build_network("quick", np.random.default_rng(seed)).parameters() for seed in (1, 1, 2))
    assert all(np.array_equal(one[key], two[key]) for key in one)
    assert not np.array_equal(one["0.weights"], other["0.weights"])


def test_64_random_pictures_are_learned_by_heart() -> None:
    rng = np.random.default_rng(0)
    network = small_network(rng)
    network.layers = [layer for layer in network.layers if not isinstance(layer, DropoutLayer)]
    x, labels = rng.normal(size=(64, 8, 8, 2)), rng.integers(0, 10, 64)
    y = np.eye(10)[labels]
    for _ in range(400):
        output = network.forward_propagation(x, training=True)
        network.backward_propagation(softmax_cross_entropy_prime(y, output), learning_rate=0.5)
    assert softmax_cross_entropy(y, network.predict(x)) < 0.1
    assert np.array_equal(network.predict(x).argmax(axis=1), labels)


def test_fit_with_mse_lowers_the_error(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    network = small_network(rng)
    network.use(mse, mse_prime)
    x, y = rng.normal(size=(8, 8, 8, 2)), np.eye(10)[:8]
    before = mse(y, network.predict(x))
    network.fit(x, y, epochs=30, learning_rate=0.05)
    assert mse(y, network.predict(x)) < before / 2
    assert len(capsys.readouterr().out.splitlines()) == 30


def test_an_activation_of_ones_own_may_answer_in_any_way_that_multiplies() -> None:
    input, error = np.array([[-1.0, 0.5, 2.0]]), np.array([[3.0, 5.0, 7.0]])
    for prime, expected in (
        (lambda x: x > 0, [0, 5, 7]),  # booleans
        (lambda x: np.ones(()), [3, 5, 7]),  # one number for all
        (lambda x: x, [-3, 2.5, 14]),  # the input itself, which must stay as it is
    ):
        layer = ActivationLayer((3,), lambda x: x * 1, prime)
        layer.forward_propagation(input, training=True)
        np.testing.assert_array_equal(layer.backward_propagation(error), [expected])
        np.testing.assert_array_equal(input, [[-1.0, 0.5, 2.0]])


def test_tanhs_derivative_is_taken_of_the_input_where_the_activation_is_another() -> None:
    input = np.array([[-1.0, 0.5, 2.0]])
    layer = ActivationLayer((3,), lambda x: 2 * x, tanh_prime)
    layer.forward_propagation(input, training=True)
    np.testing.assert_array_equal(layer.backward_propagation(np.ones_like(input)), tanh_prime(input))


def classifier() -> Network:
    """Takes rows of 4, gives rows of 3."""
    network = Network(4, np.random.default_rng(0))
    for layer in (FCLayer(output_shape=5), ActivationLayer(tanh), FCLayer(output_shape=3)):
        network.add(layer)
    network.use(mse, mse_prime)
    return network


ROWS, LABELS = np.random.default_rng(0).normal(size=(6, 4)), np.array([0, 1, 2, 2, 1, 0])
ONE_HOT = np.eye(3)[LABELS]


def with_nan(array: Array) -> Array:
    array = array.copy()
    array[2, 1] = np.nan
    return array


@pytest.mark.parametrize(
    ("x_train", "y_train", "message"),
    [
        (ROWS, LABELS, r"gives \(n, 3\), got targets of shape \(6,\).* np\.eye\(10\)\[labels\]"),
        (ROWS, LABELS[:, None], r"gives \(n, 3\), got targets of shape \(6, 1\)"),
        (ROWS, ONE_HOT[:, :2], r"gives \(n, 3\), got targets of shape \(6, 2\)"),
        (ROWS, ONE_HOT[:, :, None], r"gives \(n, 3\), got targets of shape \(6, 3, 1\)"),
        (ROWS, ONE_HOT[:5], r"x_train has the shape \(6, 4\) and y_train \(5, 3\): each sample needs a target"),
        (ROWS[:1], ONE_HOT, "each sample needs a target"),
        (ROWS, 1.0, "each sample needs a target"),
        (ROWS[:0], ONE_HOT[:0], "there are no samples to learn"),
        (with_nan(ROWS), ONE_HOT, "x_train holds numbers that are not finite"),
        (ROWS, with_nan(ONE_HOT), "y_train holds numbers that are not finite"),
        (ROWS * np.inf, ONE_HOT, "x_train holds numbers that are not finite"),
    ],
)
def test_what_would_teach_nonsense_is_refused(x_train: Array, y_train: Array, message: str) -> None:
    network = classifier()
    before = {key: array.copy() for key, array in network.parameters().items()}
    with pytest.raises(ValueError, match=message):
        network.fit(x_train, y_train, epochs=1, learning_rate=0.1)
    assert all(np.array_equal(before[key], array) for key, array in network.parameters().items())


def test_targets_may_be_rows_of_either_form() -> None:
    weights = []
    for targets in (ONE_HOT, ONE_HOT[:, np.newaxis], ONE_HOT.astype(int).tolist()):
        network = classifier()
        network.fit(ROWS, targets, epochs=3, learning_rate=0.1)
        weights.append(network.parameters()["0.weights"])
    assert np.array_equal(weights[0], weights[1])
    assert np.array_equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("samples", "place"),
    [(6, "the loss is not finite in epoch 1, sample 2"), (1, "the outputs are not finite after the last step")],
)
def test_a_loss_that_is_not_finite_ends_fit_and_names_the_learning_rate(samples: int, place: str) -> None:
    with pytest.raises(
        FloatingPointError, match=place + r": the learning rate is 1\.7e\+308, try a smaller learning_rate"
    ):
        classifier().fit(ROWS[:samples], ONE_HOT[:samples], epochs=1, learning_rate=1.7e308)


def normalized(*layers: Layer, shape: tuple[int, ...]) -> Network:
    network = Network(shape, np.random.default_rng(0))
    for layer in layers:
        network.add(layer)
    network.use(mse, mse_prime)
    return network


def test_fit_settles_what_was_normalized() -> None:
    """Without that, predictions would be made with mean 0 and variance 1, whatever the inputs are."""
    network = normalized(BatchNormalizationLayer(), FlattenLayer(), FCLayer(output_shape=2), shape=(4, 5, 3))
    x = np.random.default_rng(0).normal((10, -3, 0), (4, 0.1, 1), (50, 4, 5, 3))
    network.fit(x, x.mean(axis=(1, 2))[:, :2], epochs=1, learning_rate=0.01)
    statistics = network.layers[0].statistics
    np.testing.assert_allclose(statistics["mean"], x.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(statistics["variance"], x.var(axis=(0, 1, 2)))


@pytest.mark.parametrize("name", ["0.scale", "0.variance"])
def test_one_number_that_is_not_finite_is_found(name: str) -> None:
    network = normalized(BatchNormalizationLayer(), shape=(2, 2, 1))
    assert network.is_finite()
    network.arrays()[name][..., -1] = np.inf
    assert not network.is_finite()


def test_fit_settles_on_samples_from_the_first_to_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data may be sorted: the first thousand would all be zeros."""
    monkeypatch.setattr(Network, "SETTLED_ON", 10)
    network = normalized(BatchNormalizationLayer(), FlattenLayer(), FCLayer(output_shape=1), shape=(2, 2, 1))
    x = np.arange(95.0).repeat(4).reshape(95, 2, 2, 1)
    network.fit(x, np.zeros((95, 1)), epochs=0, learning_rate=0.01)
    assert network.layers[0].statistics["mean"][0] == np.arange(0, 95, 10).mean()


@pytest.mark.parametrize("shape", [(5,), (1, 5), (1, 1, 5)])
def test_fit_refuses_to_normalize_single_rows(shape: tuple[int, ...]) -> None:
    network = normalized(BatchNormalizationLayer(), shape=shape)
    with pytest.raises(ValueError, match=r"layer 0, BatchNormalizationLayer, would learn nothing.*train in batches"):
        network.fit(np.ones((3, *shape)), np.ones((3, *shape)), epochs=1, learning_rate=0.1)


def test_a_layer_alone_learns_as_in_the_article() -> None:
    """Forwards, then backwards with a learning rate; nobody says that it trains."""
    layer, x, error = FCLayer((1, 2), (1, 3)), np.array([[1.0, 2.0]]), np.array([[0.5, 0.0, -1.0]])
    weights = layer.weights.copy()
    assert np.array_equal(layer.forward_propagation(x), x @ weights)
    assert np.array_equal(layer.backward_propagation(error, 0.1), error @ weights.T)
    np.testing.assert_allclose(layer.weights, weights - 0.1 * x.T @ error)
    np.testing.assert_allclose(layer.bias, -0.1 * error)


def test_the_articles_own_loop_over_our_layers_learns_as_fit_does() -> None:
    network, looped = classifier(), classifier()
    network.fit(ROWS, ONE_HOT, epochs=2, learning_rate=0.1)
    for _ in range(2):
        for x, y in zip(ROWS, ONE_HOT, strict=True):
            output = x[np.newaxis]
            for layer in looped.layers:
                output = layer.forward_propagation(output)
            error = mse_prime(y[np.newaxis], output)
            for layer in reversed(looped.layers):
                error = layer.backward_propagation(error, 0.1)
    for key, array in network.parameters().items():
        assert np.array_equal(array, looped.parameters()[key])
