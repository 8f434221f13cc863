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
        assert self.output_shape is not None
        patches = self._patches("patches", input, training)
        output = self._correlate("output", patches, self.weights, training).reshape(len(input), *self.output_shape)
        rows = output.reshape(-1, output.shape[2] * self.layer_depth)
        rows += np.tile(self.bias, output.shape[2])  # a whole row at a time: numpy is slow on short ones
        if training:
            self.input, self.output, self.patches = input, output, patches
        return output

    def compute_gradients(self, output_error: Array) -> None:
        """∂E/∂W[r, q, d, k] = Σ X[i + r, j + q, d] · ∂E/∂Y[i, j, k] and ∂E/∂B[k] = Σ ∂E/∂Y[i, j, k], over n, i, j."""
        error = output_error.reshape(len(output_error), -1, self.layer_depth)  # (n, i·j, k)
        gradient = self._empty("weights_gradient", self.weights.shape, error.dtype)
        parts = gradient.reshape(len(self.patches), -1, self.layer_depth)
        for patch, part in zip(self.patches, parts, strict=True):
            np.matmul(patch.transpose(0, 2, 1), error).sum(axis=0, out=part)
        self.gradients["weights"] = gradient
        # A product with ones is a sum, and ten times as fast as numpy's along short rows.
        self.gradients["bias"] = np.ones(error[..., 0].size, error.dtype) @ error.reshape(-1, self.layer_depth)

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X is ∂E/∂Y, framed with zeros, correlated with the weights turned by half a turn."""
        assert self.input is not None
        self.compute_gradients(output_error)
        m, n = self.kernel_shape
        samples, height, width, depth = output_error.shape
        shape = (samples, height + 2 * (m - 1), width + 2 * (n - 1), depth)
        framed = self._zeros("framed", shape, output_error.dtype)
        framed[:, m - 1 : m - 1 + height, n - 1 : n - 1 + width] = output_error
        turned = self.weights[::-1, ::-1].transpose(0, 1, 3, 2)
        input_error = self._correlate("input_error", self._patches("error_patches", framed), turned)
        self._take_step(learning_rate)
        return input_error.reshape(self.input.shape)

    def _patches(self, name: str, picture: Array, training: bool = True) -> list[Array]:
        """What the kernel sees at each of its positions, as matrices `(n, positions, weights)`, one after the other.

        A picture of depth 1 gives one matrix, with all m·n pixels under the kernel: for each of them, a copy of that
        part of the picture which it passes over. A deeper one gives a matrix for each row of the kernel: every pixel
        gets its n neighbours along the row side by side, and the matrices are views of that one copy, each a row
        further down. This copies the picture n times, where unfolding the whole kernel would copy it m·n times.
        """
        samples, height, width, depth = picture.shape
        m, n = self.kernel_shape
        rows, columns = height - m + 1, width - n + 1
        if depth == 1:
            windows = sliding_window_view(picture[..., 0], (rows, columns), axis=(1, 2))  # (n, m, n, i, j)
            pixels = self._empty(name, windows.shape, picture.dtype, training)
            np.copyto(pixels, windows)
            return [pixels.reshape(samples, m * n, rows * columns).transpose(0, 2, 1)]
        flat = picture.reshape(samples, height, width * depth)
        windows = sliding_window_view(flat, n * depth, axis=2)[:, :, ::depth]  # (n, h, j, n·d)
        neighbours = self._empty(name, windows.shape, picture.dtype, training)
        np.copyto(neighbours, windows)
        return [neighbours[:, r : r + rows].reshape(samples, rows * columns, n * depth) for r in range(m)]

    def _correlate(self, name: str, patches: list[Array], weights: Array, training: bool = True) -> Array:
        """The sum of the patches' products with the kernel's weights: `(n, positions, depth)`."""
        samples, positions, _ = patches[0].shape
        depth = weights.shape[-1]
        output = self._empty(name, (samples, positions, depth), patches[0].dtype, training)
        first, *others = zip(patches, weights.reshape(len(patches), -1, depth), strict=True)
        np.matmul(*first, out=output)
        for patch, part in others:
            product = self._empty(name + "_product", output.shape, output.dtype, training)
            output += np.matmul(patch, part, out=product)
        return output

    def settings(self) -> dict[str, Any]:
        return {"kernel_shape": list(self.kernel_shape), "layer_depth": self.layer_depth}
