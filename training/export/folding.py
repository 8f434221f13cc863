"""Batch normalization inside the layer before it: in prediction both are linear, and one multiplication is enough."""

import numpy as np

from model.batch_normalization_layer import BatchNormalizationLayer
from model.conv_layer import ConvLayer
from model.dropout_layer import DropoutLayer
from model.fc_layer import FCLayer
from model.layer import Array, Layer
from model.max_pooling_layer import MaxPoolingLayer


def folded(layers: list[Layer]) -> list[Layer]:
    """Layers that predict what `layers` predict, without dropout and with as few batch normalizations as possible.

    A batch normalization directly behind a convolution or a fully connected layer goes into its weights and bias.
    Behind max pooling it goes into the convolution before the pooling where no slope is negative: the maximum of scaled
    numbers is then the scaled maximum. Every other one stays.
    """
    result: list[Layer] = []
    for layer in layers:
        if isinstance(layer, DropoutLayer):
            continue
        if isinstance(layer, BatchNormalizationLayer):
            slope, offset = line(layer)
            behind_pooling = bool(result) and isinstance(result[-1], MaxPoolingLayer) and bool((slope >= 0).all())
            before = result[-2:-1] if behind_pooling else result[-1:]
            if before and isinstance(before[0], ConvLayer | FCLayer):
                result[result.index(before[0])] = scaled(before[0], slope, offset)
                continue
        result.append(layer)
    return result


def line(layer: BatchNormalizationLayer) -> tuple[Array, Array]:
    """What the layer does in prediction, Y = slope · X + offset: both float64 `(d,)`."""
    scale, shift = (array.astype(np.float64) for array in (layer.scale, layer.shift))
    slope = scale / np.sqrt(layer.variance.astype(np.float64) + layer.EPSILON)
    return slope, shift - layer.mean * slope


def scaled(layer: ConvLayer | FCLayer, slope: Array, offset: Array) -> ConvLayer | FCLayer:
    """A layer whose output is slope · Y + offset, where Y is that of `layer`: both `(d,)`."""
    twin = layer.replica()
    twin.weights = (layer.weights * slope).astype(layer.weights.dtype)
    twin.bias = (layer.bias * slope + offset).astype(layer.bias.dtype)
    return twin
