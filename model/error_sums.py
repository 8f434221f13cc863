"""One number of the backward pass, and the very sum that made it: what `cell_sums` is for the forward pass.

Each number of ∂E/∂X, and of a parameter's gradient, is a sum over the outputs that it had a part in: the error of each
times a factor. The sums are worked out one number at a time, without the layers' backward passes. Tests hold the two
equal, and both to differences of the forward pass.
"""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from .activation_layer import ActivationLayer
from .batch_normalization_layer import BatchNormalizationLayer
from .cell_sums import one_cell
from .conv_layer import ConvLayer
from .dropout_layer import DropoutLayer
from .fc_layer import FCLayer
from .flatten_layer import FlattenLayer
from .layer import Array, Layer, Shape
from .max_pooling_layer import MaxPoolingLayer

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class ErrorSum:
    """How one number of the backward pass comes from ∂E/∂Y.

    Attributes:
        region: where in ∂E/∂Y its errors are, a slice for each axis.
        errors: these errors, `output_error[region]`; none where no output depends on the number.
        factors: what each error is multiplied with, in their shape.
        factor: the name of a factor: "w", "x", …; "1" where the errors are only added.
    """

    region: tuple[slice, ...]
    errors: Array
    factors: Array
    factor: str

    @property
    def value(self) -> float:
        return float((self.errors.astype(np.float64) * self.factors).sum())

    @property
    def equation(self) -> str:
        """The sum, written out for reading."""
        result = format_error(self.value)
        if not self.errors.size:
            return f"{result}: no output depends on it"
        if self.factor == "1":
            return f"{'Σ ' if self.errors.size > 1 else ''}∂E/∂y = {result}"
        if self.errors.size > 1:
            return f"Σ ∂E/∂y · {self.factor} = {result}"
        numbers = f"{format_error(self.errors.item())} · {bracketed_error(self.factors.item())}"
        return f"∂E/∂y · {self.factor} = {numbers} = {result}"


@singledispatch
def input_error_sum(layer: Layer, input: Array, output_error: Array, index: Shape) -> ErrorSum:
    """The sum behind ∂E/∂X at `index`, in prediction state: nothing is dropped, and what is measured stands.

    Args:
        input, output_error: X and ∂E/∂Y of one sample, without the batch axis.

    Raises:
        NotImplementedError: nobody has said yet how errors go back through such a layer.
    """
    raise NotImplementedError(f"{type(layer).__name__} has no sum to show: register one in model/error_sums.py")


@singledispatch
def gradient_sum(layer: Layer, input: Array, output_error: Array, name: str, index: Shape) -> ErrorSum:
    """The sum behind the gradient of the layer's parameter `name` at `index`; otherwise as `input_error_sum`.

    Raises:
        NotImplementedError: nobody has said yet what such a layer learns.
    """
    raise NotImplementedError(f"{type(layer).__name__} has no gradient: register a sum in model/error_sums.py")


@input_error_sum.register
def convolution_input(layer: ConvLayer, input: Array, output_error: Array, index: Shape) -> ErrorSum:
    """Output (a, b) saw X[i, j] through W[i − a, j − b]: as a grows the row of W shrinks, so the kernel is turned."""
    i, j, d = index
    (m, n), (rows, columns) = layer.kernel_shape, output_error.shape[:2]
    top, bottom = max(0, i - m + 1), min(rows, i + 1)
    left, right = max(0, j - n + 1), min(columns, j + 1)
    region = (slice(top, bottom), slice(left, right), slice(None))
    seen_through = layer.weights[i - bottom + 1 : i - top + 1, j - right + 1 : j - left + 1, d]
    return ErrorSum(region, output_error[region], seen_through[::-1, ::-1], "w")


@input_error_sum.register
def fully_connected_input(layer: FCLayer, input: Array, output_error: Array, index: Shape) -> ErrorSum:
    weights = layer.weights[index[-1]].reshape(output_error.shape)
    return ErrorSum((slice(None),) * output_error.ndim, output_error, weights, "w")


@input_error_sum.register
def max_pooling_input(layer: MaxPoolingLayer, input: Array, output_error: Array, index: Shape) -> ErrorSum:
    i, j, k = index
    p, q = layer.pool_shape
    region = one_cell((i // p, j // q, k))  # empty behind the last whole field
    field = input[i // p * p : i // p * p + p, j // q * q : j // q * q + q, k]
    column, row = divmod(int(field.T.argmax()), len(field))  # of equal numbers the upper in the leftmost column
    is_largest = (row, column) == (i % p, j % q)
    errors = output_error[region]
    return ErrorSum(region, errors, np.full(errors.shape, float(is_largest)), "is the largest")


@input_error_sum.register
def activation_input(layer: ActivationLayer, input: Array, output_error: Array, index: Shape) -> ErrorSum:
    region = one_cell(index)
    slope = np.asarray(layer.activation_prime(input[region]), np.float64)
    return ErrorSum(region, output_error[region], slope, f"{layer.activation.__name__}'(x)")


@input_error_sum.register
def batch_normalization_input(
    layer: BatchNormalizationLayer, input: Array, output_error: Array, index: Shape
) -> ErrorSum:
    errors = output_error[one_cell(index)]
    slope = float(layer.scale[index[-1]]) / deviation(layer, index[-1])
    return ErrorSum(one_cell(index), errors, np.full(errors.shape, slope), "scale / deviation")


@input_error_sum.register
def flatten_input(layer: FlattenLayer, input: Array, output_error: Array, index: Shape) -> ErrorSum:
    return added(output_error, one_cell((int(np.ravel_multi_index(index, input.shape)),)))


@input_error_sum.register
def dropout_input(layer: DropoutLayer, input: Array, output_error: Array, index: Shape) -> ErrorSum:
    return added(output_error, one_cell(index))


@gradient_sum.register
def convolution_gradient(layer: ConvLayer, input: Array, output_error: Array, name: str, index: Shape) -> ErrorSum:
    region = (slice(None), slice(None), slice(index[-1], index[-1] + 1))
    if name == "bias":
        return added(output_error, region)
    r, q, d, _ = index
    rows, columns = output_error.shape[:2]
    return ErrorSum(region, output_error[region], input[r : r + rows, q : q + columns, d : d + 1], "x")


@gradient_sum.register
def fully_connected_gradient(layer: FCLayer, input: Array, output_error: Array, name: str, index: Shape) -> ErrorSum:
    i, j = index
    region = (*[slice(None)] * (output_error.ndim - 1), slice(j, j + 1))
    if name == "bias":
        return added(output_error, region)
    return ErrorSum(region, output_error[region], input[..., i : i + 1], "x")


@gradient_sum.register
def batch_normalization_gradient(
    layer: BatchNormalizationLayer, input: Array, output_error: Array, name: str, index: Shape
) -> ErrorSum:
    (depth,) = index
    region = (*[slice(None)] * (output_error.ndim - 1), slice(depth, depth + 1))
    if name == "shift":
        return added(output_error, region)
    normalized = (input[region].astype(np.float64) - layer.mean[depth]) / deviation(layer, depth)
    return ErrorSum(region, output_error[region], normalized, "(x − mean) / deviation")


def added(output_error: Array, region: tuple[slice, ...]) -> ErrorSum:
    """The plain sum of the errors in the region."""
    return ErrorSum(region, output_error[region], np.ones(output_error[region].shape), "1")


def deviation(layer: BatchNormalizationLayer, depth: int) -> float:
    return float(np.sqrt(layer.variance[depth] + layer.EPSILON))


def format_error(value: float) -> str:
    """To three decimals, or three digits where that is less, as errors may be tiny: "0.123", "−1.23 · 10⁻⁵", "0"."""
    if value == 0:
        return "0"  # −0 is no other number
    if 0.001 <= abs(value) < 1000:
        text = f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.3g}"
    else:
        digits, power = f"{value:.2e}".split("e")
        text = f"{digits} · 10{str(int(power)).translate(SUPERSCRIPTS)}"
    return text.replace("-", "−")


def bracketed_error(value: float) -> str:
    """The same, for places behind a sign: "· (−0.012)"."""
    return f"({format_error(value)})" if value < 0 else format_error(value)
