"""The convolutional layer: the same few weights look at every place of the picture."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike

from .layer import Array, Layer, Shape, batch_of, initial_weights


class ConvLayer(Layer):
    """Y[i, j, k] = Σ over r, q, d of X[i + r, j + q, d] · W[r, q, d, k], plus B[k]: stride 1, no padding.

    Args:
        input_shape: `(h, w, d)`; left out, it is taken from the layer before.
        kernel_shape: `(m, n)`, rows and columns of the kernel.
        layer_depth: the output's depth, one kernel each.
        rng: draws the first weights where `input_shape` is given.

    The weights have shape `(m, n, d, layer_depth)`, the bias `(layer_depth,)`. The bias is added once to each output
    and its gradient is the plain sum of the output error. (The article's listing adds it once per input channel, and
    scales its gradient by the layer's depth.)
    """

    parameter_names = ("weights", "bias")

    def __init__(
        self,
        input_shape: Shape | None = None,
        kernel_shape: tuple[int, int] = (3, 3),
        layer_depth: int = 1,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.kernel_shape = (kernel_shape[0], kernel_shape[1])
        self.layer_depth = layer_depth
        if input_shape is not None:
            self.build(input_shape, rng)

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        m, n = self.kernel_shape
        if len(input_shape) != 3 or input_shape[0] < m or input_shape[1] < n:
            raise ValueError(
                f"ConvLayer expects (n, ≥{m}, ≥{n}, d), got {batch_of(input_shape)}: "
                "give pictures (n, h, w, d) no smaller than the kernel"
            )
        height, width, self.input_depth = input_shape
        self.input_shape = input_shape
        self.output_shape = (height - m + 1, width - n + 1, self.layer_depth)
        shape = (m, n, self.input_depth, self.layer_depth)
        self.weights = initial_weights(shape, m * n * self.input_depth, rng, dtype)
        self.bias = np.zeros(self.layer_depth, dtype)

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        neighbours = self._unfold("neighbours", input, training)
        output = self._correlate("output", neighbours, self.weights, training)
        output += self.bias
        if training:
            self.input, self.output, self.neighbours = input, output, neighbours
        return output

    def compute_gradients(self, output_error: Array) -> None:
        """∂E/∂W[r, q, d, k] = Σ X[i + r, j + q, d] · ∂E/∂Y[i, j, k] and ∂E/∂B[k] = Σ ∂E/∂Y[i, j, k], over n, i, j."""
        samples, height, _, depth = output_error.shape
        error = output_error.reshape(samples, -1, depth)  # (n, i·j, k)
        gradient = self._empty("weights_gradient", self.weights.shape, error.dtype)
        for r, row_gradient in enumerate(gradient.reshape(len(gradient), -1, depth)):
            row = self.neighbours[:, r : r + height].reshape(samples, error.shape[1], -1)  # (n, i·j, q·d)
            np.matmul(row.transpose(0, 2, 1), error).sum(axis=0, out=row_gradient)  # (q·d, k)
        self.gradients["weights"] = gradient
        self.gradients["bias"] = error.sum(axis=(0, 1))

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X is ∂E/∂Y, framed with zeros, correlated with the weights turned by half a turn."""
        self.compute_gradients(output_error)
        m, n = self.kernel_shape
        samples, height, width, depth = output_error.shape
        shape = (samples, height + 2 * (m - 1), width + 2 * (n - 1), depth)
        framed = self._empty("framed", shape, output_error.dtype)
        framed[...] = 0
        framed[:, m - 1 : m - 1 + height, n - 1 : n - 1 + width] = output_error
        turned = self.weights[::-1, ::-1].transpose(0, 1, 3, 2)
        input_error = self._correlate("input_error", self._unfold("error_neighbours", framed), turned)
        self._take_step(learning_rate)
        return input_error

    # A correlation is one matrix product for each row of the kernel, summed. For the product, every pixel needs its n
    # neighbours along the row side by side; the rows below are then views of the same copy. Unfolding along the width
    # only copies the picture n times, where unfolding the whole kernel would copy it m·n times.

    def _unfold(self, name: str, picture: Array, training: bool = True) -> Array:
        """Each pixel's `n` neighbours to the right, itself first, side by side: `(n, h, w - n + 1, n·d)`."""
        samples, height, width, depth = picture.shape
        n = self.kernel_shape[1]
        windows = sliding_window_view(picture.reshape(samples, height, width * depth), n * depth, axis=2)[:, :, ::depth]
        neighbours = self._empty(name, windows.shape, picture.dtype, training)
        np.copyto(neighbours, windows)
        return neighbours

    def _correlate(self, name: str, neighbours: Array, weights: Array, training: bool = True) -> Array:
        """Sum over kernel rows r of neighbours[:, r : r + height] · weights[r]: `(n, height, width, depth)`."""
        m, depth = len(weights), weights.shape[-1]
        samples, height, width, length = neighbours.shape
        height -= m - 1
        output = self._empty(name, (samples, height * width, depth), neighbours.dtype, training)
        product = self._empty(name + "_product", output.shape, output.dtype, training)
        for r, row_weights in enumerate(weights.reshape(m, length, depth)):
            row = neighbours[:, r : r + height].reshape(samples, height * width, length)
            np.matmul(row, row_weights, out=product if r else output)
            if r:
                output += product
        return output.reshape(samples, height, width, depth)

    def settings(self) -> dict[str, Any]:
        return {"kernel_shape": list(self.kernel_shape), "layer_depth": self.layer_depth}
