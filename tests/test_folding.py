"""A folded network predicts what the network predicts, with fewer layers, and leaves it as it was."""

import numpy as np
import pytest

from model import (
    BatchNormalizationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    Layer,
    MaxPoolingLayer,
    Network,
)
from model.architectures import ARCHITECTURES, build_network
from model.folding import folded


def settled(network: Network) -> Network:
    """The network with parameters and statistics as if it had learned, slopes positive."""
    rng = np.random.default_rng(0)
    for name, array in network.arrays().items():
        array[...] = rng.uniform(0.5, 1.5, array.shape) if "weights" not in name else array
    return network


def network_of(*layers: Layer) -> Network:
    network = Network((12, 12, 2), np.random.default_rng(1))
    for layer in layers:
        network.add(layer)
    return settled(network)


def kinds(network: Network) -> list[str]:
    return [type(layer).__name__ for layer in network.layers]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_predicts_the_same_without_normalization_and_dropout(name: str) -> None:
    network = settled(build_network(name, np.random.default_rng(2), np.float64))
    pictures = np.random.default_rng(3).random((5, 28, 28, 1))
    ready = folded(network)
    np.testing.assert_allclose(ready.predict(pictures), network.predict(pictures), rtol=1e-9, atol=1e-9)
    assert not {"BatchNormalizationLayer", "DropoutLayer"} & set(kinds(ready))


def test_a_falling_slope_behind_pooling_is_not_folded() -> None:
    network = network_of(ConvLayer(None, (3, 3), 4), MaxPoolingLayer(), BatchNormalizationLayer(), FlattenLayer())
    network.layers[2].scale[1] = -1  # type: ignore[attr-defined]
    pictures = np.random.default_rng(3).standard_normal((5, 12, 12, 2))
    ready = folded(network)
    assert kinds(ready) == kinds(network)
    np.testing.assert_allclose(ready.predict(pictures), network.predict(pictures), rtol=1e-12)


def test_a_falling_slope_directly_behind_the_weights_is_folded() -> None:
    network = network_of(FlattenLayer(), FCLayer(None, 3), BatchNormalizationLayer(), DropoutLayer())
    network.layers[2].scale[1] = -1  # type: ignore[attr-defined]
    pictures = np.random.default_rng(3).standard_normal((5, 12, 12, 2))
    ready = folded(network)
    assert kinds(ready) == ["FlattenLayer", "FCLayer"]
    np.testing.assert_allclose(ready.predict(pictures), network.predict(pictures), rtol=1e-9)


def test_normalization_without_weights_before_it_stays() -> None:
    network = network_of(BatchNormalizationLayer(), FlattenLayer(), BatchNormalizationLayer())
    pictures = np.random.default_rng(3).standard_normal((5, 12, 12, 2))
    assert kinds(folded(network)) == kinds(network)
    np.testing.assert_array_equal(folded(network).predict(pictures), network.predict(pictures))


def test_the_network_is_left_as_it_is() -> None:
    network = settled(build_network("quick", np.random.default_rng(2)))
    before = {name: array.copy() for name, array in network.arrays().items()}
    folded(network)
    assert all(np.array_equal(array, before[name]) for name, array in network.arrays().items())
