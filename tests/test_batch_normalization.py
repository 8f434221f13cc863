"""Batch normalization: what its gradient check does not see."""

from pathlib import Path

import numpy as np

from model import BatchNormalizationLayer, ConvLayer, FCLayer, FlattenLayer, Network, load_network, save_network
from model.layer import Array


def built(shape: tuple[int, ...]) -> BatchNormalizationLayer:
    layer = BatchNormalizationLayer(shape)
    layer.scale[:] = 2, 0.5, -1
    layer.shift[:] = 0, 1, 3
    return layer


def pictures() -> Array:
    """Numbers of another mean and size at each of three depths, `(50, 4, 5, 3)`."""
    return np.random.default_rng(0).normal((10, -3, 0), (4, 0.1, 1), (50, 4, 5, 3))


def test_while_training_each_depth_gets_the_shift_as_its_mean_and_the_scale_as_its_deviation() -> None:
    output = built((4, 5, 3)).forward_propagation(pictures(), training=True)
    np.testing.assert_allclose(output.mean(axis=(0, 1, 2)), (0, 1, 3), atol=1e-9)
    np.testing.assert_allclose(output.std(axis=(0, 1, 2)), (2, 0.5, 1), rtol=1e-3)


def test_settled_on_a_batch_it_predicts_what_it_said_of_it_in_training() -> None:
    layer, x = built((4, 5, 3)), pictures()
    in_training = layer.forward_propagation(x, training=True)
    layer.settle(x)
    np.testing.assert_allclose(layer.forward_propagation(x), in_training, atol=1e-9)


def test_training_does_not_change_what_is_predicted_until_it_is_settled() -> None:
    layer, x = built((4, 5, 3)), pictures()
    before = layer.forward_propagation(x)
    layer.forward_propagation(x, training=True)
    np.testing.assert_array_equal(layer.forward_propagation(x), before)


def test_an_input_that_never_changes_stays_finite() -> None:
    layer, x = built((3,)), np.full((4, 3), 7.0)
    layer.forward_propagation(x, training=True)
    assert np.isfinite(layer.backward_propagation(np.ones((4, 3)))).all()


def network() -> Network:
    network = Network((6, 6, 1), np.random.default_rng(0))
    for layer in (ConvLayer(layer_depth=3), BatchNormalizationLayer(), FlattenLayer(), FCLayer(output_shape=(4,))):
        network.add(layer)
    network.add(BatchNormalizationLayer())
    return network


def test_a_network_settles_each_layer_on_what_the_layers_before_it_give_once_settled() -> None:
    settled, x = network(), np.random.default_rng(1).normal(5, 2, (40, 6, 6, 1))
    settled.settle(x)
    np.testing.assert_allclose(settled.predict(x).mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(settled.predict(x).std(axis=0), 1, rtol=1e-3)


def test_a_weights_file_holds_what_was_measured(tmp_path: Path) -> None:
    settled, x = network(), np.random.default_rng(1).normal(5, 2, (40, 6, 6, 1))
    settled.settle(x)
    save_network(tmp_path / "weights.npz", settled)
    loaded, _ = load_network(tmp_path / "weights.npz")
    np.testing.assert_array_equal(loaded.predict(x), settled.predict(x))
