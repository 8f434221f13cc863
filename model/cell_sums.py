"""One number of a layer's output, and the very sum that made it: each layer looked at as closely as can be.

The sums are worked out from the layers' own inputs and parameters, in the open and one cell at a time, without the
layers' forward passes. Tests hold the two equal.
"""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from .activation_layer import ActivationLayer
from .batch_normalization_layer import BatchNormalizationLayer
from .conv_layer import ConvLayer
from .dropout_layer import DropoutLayer
from .fc_layer import FCLayer
from .flatten_layer import FlattenLayer
from .layer import Array, Layer, Shape
from .losses import softmax
from .max_pooling_layer import MaxPoolingLayer
from .network import Network


@dataclass(frozen=True)
class CellSum:
    """How one number of the output comes from the input.

    Attributes:
        region: where in the input its numbers are, a slice for each axis.
        inputs: these numbers, `input[region]`.
        value: the number that they make.
        equation: how, written out for reading.
        weights: what each of the inputs is multiplied with, in their shape; None where nothing is.
        bias: what is added to the sum of the products.
    """

    region: tuple[slice, ...]
    inputs: Array
    value: float
    equation: str
    weights: Array | None = None
    bias: float = 0.0

    @property
    def products(self) -> Array:
        """Each input times its weight, in float64.

        Raises:
            ValueError: nothing is weighted.
        """
        if self.weights is None:
            raise ValueError("this number is no sum of products: it has no weights")
        return self.inputs.astype(np.float64) * self.weights


def layer_outputs(network: Network, input: Array) -> list[Array]:
    """The output of each layer, first to last, as the network predicts; it is not changed.

    Args:
        input: `(n, *network.input_shape)`.
    """
    outputs = [np.asarray(input, network.dtype)]
    for layer in network.layers:
        outputs.append(layer.forward_propagation(outputs[-1], training=False))
    return outputs[1:]


@singledispatch
def cell_sum(layer: Layer, input: Array, index: Shape) -> CellSum:
    """The sum behind `output[index]`, where `input` and output are of one sample, without the batch axis.

    Raises:
        NotImplementedError: nobody has said yet what such a layer does with its numbers.
    """
    raise NotImplementedError(f"{type(layer).__name__} has no sum to show: register one in model/cell_sums.py")


@cell_sum.register
def convolution_sum(layer: ConvLayer, input: Array, index: Shape) -> CellSum:
    i, j, k = index
    m, n = layer.kernel_shape
    region = (slice(i, i + m), slice(j, j + n), slice(None))
    return weighted_sum(input, region, layer.weights[..., k], layer.bias[k])


@cell_sum.register
def fully_connected_sum(layer: FCLayer, input: Array, index: Shape) -> CellSum:
    neuron = index[-1]
    weights = layer.weights[:, neuron].reshape(input.shape)
    return weighted_sum(input, (slice(None),) * input.ndim, weights, layer.bias[0, neuron])


def weighted_sum(input: Array, region: tuple[slice, ...], weights: Array, bias: float) -> CellSum:
    """Σ x · w + b."""
    inputs = input[region]
    total = float((inputs.astype(np.float64) * weights).sum())
    value = total + float(bias)
    equation = f"Σ x · w + b = {format_number(total)} + {bracketed(bias)} = {format_number(value)}"
    return CellSum(region, inputs, value, equation, weights, float(bias))


@cell_sum.register
def max_pooling_sum(layer: MaxPoolingLayer, input: Array, index: Shape) -> CellSum:
    i, j, k = index
    p, q = layer.pool_shape
    region = (slice(i * p, i * p + p), slice(j * q, j * q + q), slice(k, k + 1))
    inputs = input[region]
    value = float(inputs.max())
    equation = f"max({', '.join(map(format_number, inputs.ravel()))}) = {format_number(value)}"
    return CellSum(region, inputs, value, equation)


@cell_sum.register
def activation_sum(layer: ActivationLayer, input: Array, index: Shape) -> CellSum:
    region = one_cell(index)
    value = float(layer.activation(input[region]).item())
    equation = f"{layer.activation.__name__}({format_number(input[index])}) = {format_number(value)}"
    return CellSum(region, input[region], value, equation)


@cell_sum.register
def batch_normalization_sum(layer: BatchNormalizationLayer, input: Array, index: Shape) -> CellSum:
    depth = index[-1]
    scale, shift, mean = (float(array[depth]) for array in (layer.scale, layer.shift, layer.mean))
    deviation = float(np.sqrt(layer.variance[depth] + layer.EPSILON))
    value = scale * (float(input[index]) - mean) / deviation + shift
    equation = (
        f"scale · (x − mean) / deviation + shift = {format_number(scale)} · "
        f"({format_number(input[index])} − {bracketed(mean)}) / {format_number(deviation)} + "
        f"{bracketed(shift)} = {format_number(value)}"
    )
    return CellSum(one_cell(index), input[one_cell(index)], value, equation)


@cell_sum.register
def flatten_sum(layer: FlattenLayer, input: Array, index: Shape) -> CellSum:
    place = tuple(int(axis) for axis in np.unravel_index(index[0], input.shape))
    value = float(input[place])
    equation = f"x[{', '.join(map(str, place))}] = {format_number(value)}"
    return CellSum(one_cell(place), input[one_cell(place)], value, equation)


@cell_sum.register
def dropout_sum(layer: DropoutLayer, input: Array, index: Shape) -> CellSum:
    value = float(input[index])
    return CellSum(one_cell(index), input[one_cell(index)], value, f"x = {format_number(value)}, passed through")


def probability_sum(outputs: Array, digit: int, temperature: float) -> CellSum:
    """The probability of a digit: the softmax of the network's ten outputs, as `DigitClassifier` takes it."""
    scaled = outputs.astype(np.float64) / temperature
    value = float(softmax(scaled)[digit])
    quotient = f"{format_number(outputs[digit])} / {format_number(temperature)}"
    power, powers = scaled[digit], scaled.max() + np.log(np.exp(scaled - scaled.max()).sum())
    equation = f"e^({quotient}) / Σ e^(y / T) = {exponential(power)} / {exponential(powers)} = {value:.4f}"
    return CellSum((slice(None),), outputs, value, equation)


def one_cell(index: Shape) -> tuple[slice, ...]:
    """The region that is the one number at `index`."""
    return tuple(slice(place, place + 1) for place in index)


def exponential(power: float) -> str:
    """e to that power, as a number times a power of ten where it is large or small: it may be beyond all floats."""
    if abs(power) < 7:
        return format_number(np.exp(power))
    tens = int(power // np.log(10))
    factor = f"{np.exp(power - tens * np.log(10)):.2f}"
    if factor == "10.00":  # rounded up
        factor, tens = "1.00", tens + 1
    return f"{factor} · 10^{tens}".replace("-", "−")


def format_number(value: float) -> str:
    """To three decimals, with a real minus."""
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text.replace("-", "−")


def bracketed(value: float) -> str:
    """The same, for places behind a sign: "+ (−0.012)"."""
    return f"({format_number(value)})" if format_number(value).startswith("−") else format_number(value)
