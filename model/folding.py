"""A network made ready to predict: fewer layers, and what follows from the weights alone computed once."""

import copy

from .batch_normalization_layer import BatchNormalizationLayer
from .conv_layer import ConvLayer
from .dropout_layer import DropoutLayer
from .fc_layer import FCLayer
from .layer import Layer
from .max_pooling_layer import MaxPoolingLayer
from .network import Network


def folded(network: Network) -> Network:
    """A network that predicts the same, for as long as the given one learns nothing.

    Dropout is left out. Batch normalization is a line to predict with, and goes into the weights of the layer before:

        slope · (X W + B) + offset = X (slope · W) + (slope · B + offset)

    With max pooling between the two, that holds if no slope is negative: the largest stays the largest.
    """
    layers: list[Layer] = []
    for layer in network.layers:
        if isinstance(layer, BatchNormalizationLayer) and _fold(layer, layers):
            continue
        if not isinstance(layer, DropoutLayer):
            layers.append(layer.replica())
    for layer in layers:
        if isinstance(layer, ConvLayer):
            layer.prepare()
    ready = copy.copy(network)
    ready.layers = layers
    return ready


def _fold(normalization: BatchNormalizationLayer, layers: list[Layer]) -> bool:
    """Put the normalization into the last of the layers before it that has weights, if that changes nothing."""
    slope, offset = normalization.line()
    pooled = bool(layers) and isinstance(layers[-1], MaxPoolingLayer) and bool((slope >= 0).all())
    linear = layers[-1 - pooled] if len(layers) > pooled else None
    if not isinstance(linear, ConvLayer | FCLayer):
        return False
    linear.weights = linear.weights * slope
    linear.bias = linear.bias * slope + offset
    return True
