"""The convolutional layer: the same few weights look at every place of the picture."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, initial_weights, pictures, remembered
from .shapes import Shape, ShapeLike, batch_of, read_shape
from .winograd import Winograd, pays

# Bytes of unfolded pictures. What is unfolded is multiplied at once, while it is still in the core's caches.
UNFOLDED_AT_ONCE = 2**18
# Multiplications. OpenBLAS has a faster way for products up to this size, which pays for thin ones, those of depth 1.
SMALL_PRODUCT = 10**6


class ConvLayer(Layer):
    """Y[i, j, k] = Σ over r, q, d of X[i + r, j + q, d] · W[r, q, d, k], plus B[k]: stride 1, no padding.

    Args:
        input_shape: `(h, w, d)`; left out, it is taken from the layer before: `ConvLayer(32)` has 32 kernels.
        kernel_shape: `(m, n)`, rows and columns of the kernel; a number is both.
        layer_depth: the output's depth, one kernel each; 1 if left out.
        rng: draws the first weights where `input_shape` is given.

    The weights have shape `(m, n, d, layer_depth)`, the bias `(layer_depth,)`. The bias is added once to each output
    and its gradient is the plain sum of the output error. (The article's listing adds it once per input channel, and
    scales its gradient by the layer's depth.)
    """

    parameter_names = ("weights", "bias")
    remembered_names = ("input", "winograd")
    winograd: Winograd | None = None  # the way that the last pass took
    prepared: Winograd | None = None

    def __init__(
        self,
        input_shape: ShapeLike | None = None,
        kernel_shape: ShapeLike = (3, 3),
        layer_depth: int | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if isinstance(input_shape, int) and layer_depth is None:
            input_shape, layer_depth = None, input_shape
        m, n = read_shape("the kernel_shape of ConvLayer", kernel_shape, axes=2)
        self.kernel_shape = (m, n)
        depth = 1 if layer_depth is None else layer_depth
        (self.layer_depth,) = read_shape("the layer_depth of ConvLayer", depth, axes=1)
        super().__init__(input_shape, rng)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        m, n = self.kernel_shape
        if len(input_shape) != 3 or input_shape[0] < m or input_shape[1] < n:
            raise ValueError(
                f"ConvLayer expects (n, ≥{m}, ≥{n}, d), got {batch_of(input_shape)}: "
                "give pictures (n, h, w, d) no smaller than the kernel"
            )
        return {"weights": (m, n, input_shape[2], self.layer_depth), "bias": (self.layer_depth,)}

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        shapes = self.parameter_shapes(input_shape)
        m, n = self.kernel_shape
        height, width, self.input_depth = input_shape
        self.input_shape = input_shape
        self.output_shape = (height - m + 1, width - n + 1, self.layer_depth)
        self.weights = initial_weights(shapes["weights"], m * n * self.input_depth, rng, dtype)
        self.bias = np.zeros(shapes["bias"], dtype)

    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Y = the input correlated with W, plus B."""
        input = pictures(np.asarray(input, self.weights.dtype))
        winograd = None
        if pays(input.shape, self.weights.shape):
            winograd = self.prepared or Winograd(self.weights, *input.shape[1:3])
        if training is not False:
            self.input, self.winograd = input, winograd
        return winograd.convolve(input, self.bias) if winograd else convolve(input, self.weights, self.bias)

    def prepare(self) -> None:
        """Transform the weights once for all predictions to come: they must not change any more."""
        if self.input_shape is not None and self.kernel_shape == (3, 3):
            self.prepared = Winograd(self.weights, *self.input_shape[:2])

    def compute_gradients(self, output_error: Array) -> None:
        """∂E/∂W[r, q, d, k] = Σ X[i + r, j + q, d] · ∂E/∂Y[i, j, k] and ∂E/∂B[k] = Σ ∂E/∂Y[i, j, k], over n, i, j."""
        output_error = np.asarray(output_error, self.weights.dtype)
        gradient = np.zeros((self.weights.size // self.layer_depth, self.layer_depth), output_error.dtype)
        for few, patches in unfolded(remembered(self.input), self.weights.shape):
            gradient += patches.T @ output_error[few].reshape(-1, self.layer_depth)
        error = output_error.reshape(-1, self.layer_depth)  # (n·i·j, k)
        # A product with ones is a sum, and ten times as fast as numpy's along short rows.
        bias_gradient = np.ones(len(error), error.dtype) @ error
        self.gradients = {"weights": gradient.reshape(self.weights.shape), "bias": bias_gradient}

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X[i + r, j + q, d] = Σ ∂E/∂Y[i, j, k] · W[r, q, d, k] over r, q and k."""
        input, output_error = remembered(self.input), np.asarray(output_error, self.weights.dtype)
        if self.winograd:
            weights_gradient, bias_gradient, input_error = self.winograd.backward(input, output_error)
            self.gradients = {"weights": weights_gradient, "bias": bias_gradient}
        else:
            self.compute_gradients(output_error)
            input_error = np.zeros(input.shape, output_error.dtype)
            (m, n), (rows, columns) = self.kernel_shape, output_error.shape[1:3]
            for r in range(m):
                for q in range(n):
                    input_error[:, r : r + rows, q : q + columns] += output_error @ self.weights[r, q].T
        self._take_step(learning_rate)
        return input_error

    def settings(self) -> dict[str, Any]:
        return {"kernel_shape": list(self.kernel_shape), "layer_depth": self.layer_depth}


def convolve(input: Array, weights: Array, bias: Array) -> Array:
    """The input correlated with W, plus B, `(n, i, j, k)`: a product of matrices, of the unfolded pictures and W."""
    samples, height, width, _ = input.shape
    m, n, _, depth = weights.shape
    output = np.empty((samples, height - m + 1, width - n + 1, depth), input.dtype)
    row = np.full(output.shape[2:], bias).reshape(-1)  # numpy is slow on short rows
    for few, patches in unfolded(input, weights.shape):
        np.matmul(patches, weights.reshape(-1, depth), out=output[few].reshape(-1, depth))
        rows = output[few].reshape(-1, len(row))
        rows += row
    return output


def unfolded(input: Array, weights_shape: Shape) -> Iterator[tuple[slice, Array]]:
    """What kernels `(m, n, d, k)` see at each of their places, as a matrix `(n·i·j, m·n·d)`: the pictures unfolded.

    They come a few at a time, each few with the slice that says which.
    """
    m, n, _, kernels = weights_shape
    samples, height, width, depth = input.shape
    rows, columns = height - m + 1, width - n + 1
    input = np.ascontiguousarray(input)
    sample, line, pixel, _ = input.strides
    # sliding_window_view would say the same, but takes longer than the product for a single picture.
    shape, strides = (samples, rows, columns, m, n * depth), (sample, line, pixel, line, input.itemsize)
    windows: Array = np.ndarray(shape, input.dtype, input, strides=strides)
    unfolded_size = rows * columns * m * n * depth
    at_once = UNFOLDED_AT_ONCE // (unfolded_size * input.itemsize)
    if depth == 1:
        at_once = min(at_once, SMALL_PRODUCT // (unfolded_size * kernels))
    at_once = max(1, at_once)
    for start in range(0, samples, at_once):
        few = slice(start, start + at_once)
        # Of depth 1, few numbers lie side by side under the kernel, but long rows of them pass under each of its
        # weights: the copy is made row by row, and the matrix is its transpose.
        if depth == 1:
            yield few, windows[few].transpose(3, 4, 0, 1, 2).reshape(m * n, -1).T
        else:
            yield few, windows[few].reshape(-1, m * n * depth)
