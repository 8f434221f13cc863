"""The convolutional layer: the same few weights look at every place of the picture."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import DTypeLike

from .layer import Array, Layer, Shape, batch_of, initial_weights

# Bytes of unfolded pictures. What is unfolded is multiplied at once, while it is still in the core's caches.
UNFOLDED_AT_ONCE = 2**20


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

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        assert self.output_shape is not None
        output = self._empty("output", (len(input), *self.output_shape), input.dtype, training)
        self._correlate("patches", input, self.weights, output, training, self.bias)
        if training:
            self.input, self.output = input, output
        return output

    def compute_gradients(self, output_error: Array) -> None:
        """∂E/∂W[r, q, d, k] = Σ X[i + r, j + q, d] · ∂E/∂Y[i, j, k] and ∂E/∂B[k] = Σ ∂E/∂Y[i, j, k], over n, i, j."""
        assert self.input is not None
        error = output_error.reshape(-1, self.layer_depth)  # (n·i·j, k)
        gradient = self._empty("weights_gradient", self.weights.shape, error.dtype)
        gradient[...] = 0
        flat = gradient.reshape(-1, self.layer_depth)
        for few, patches in self._patches("patches", self.input):
            flat += patches.T @ output_error[few].reshape(-1, self.layer_depth)
        self.gradients["weights"] = gradient
        # A product with ones is a sum, and ten times as fast as numpy's along short rows.
        self.gradients["bias"] = np.ones(len(error), error.dtype) @ error

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X is ∂E/∂Y, framed with zeros, correlated with the weights turned by half a turn."""
        assert self.input is not None
        self.compute_gradients(output_error)
        m, n = self.kernel_shape
        turned = self.weights[::-1, ::-1].transpose(0, 1, 3, 2)
        input_error = self._empty("input_error", self.input.shape, output_error.dtype)
        self._correlate("error_patches", output_error, turned, input_error, frame=(m - 1, n - 1))
        self._take_step(learning_rate)
        return input_error

    def _correlate(
        self,
        name: str,
        pictures: Array,
        weights: Array,
        output: Array,
        training: bool = True,
        bias: Array | None = None,
        frame: tuple[int, int] = (0, 0),
    ) -> None:
        """Write the patches' products with the weights, plus the bias, to `output` `(n, i, j, k)`."""
        columns, depth = output.shape[2:]
        matrix = weights.reshape(-1, depth)
        for few, patches in self._patches(name, pictures, training, frame):
            np.matmul(patches, matrix, out=output[few].reshape(-1, depth))
            if bias is not None:
                lines = output[few].reshape(-1, columns * depth)
                lines += bias[None].repeat(columns, axis=0).reshape(-1)  # numpy is slow on short rows

    def _patches(
        self, name: str, pictures: Array, training: bool = True, frame: tuple[int, int] = (0, 0)
    ) -> Iterator[tuple[slice, Array]]:
        """What the kernel sees at each of its places, as a matrix `(n·i·j, m·n·d)`: the pictures unfolded.

        They come a few at a time, each few with the slice that says which, and are framed with so many rows and columns
        of zeros first.
        """
        m, n = self.kernel_shape
        samples, height, width, depth = pictures.shape
        height, width = height + 2 * frame[0], width + 2 * frame[1]
        rows, columns = height - m + 1, width - n + 1
        size = rows * columns * m * n * depth
        at_once = max(1, min(samples, UNFOLDED_AT_ONCE // (size * pictures.itemsize)))
        if any(frame):
            source = self._zeros(name + "_framed", (at_once, height, width, depth), pictures.dtype)
            inside = source[:, frame[0] : height - frame[0], frame[1] : width - frame[1]]
        else:
            source = np.ascontiguousarray(pictures)
        sample, line, pixel, _ = source.strides
        number = source.itemsize  # along an axis of length 1, strides may say anything
        # sliding_window_view would say the same, but takes longer than the product for a single picture.
        windows = as_strided(source, (len(source), rows, columns, m, n * depth), (sample, line, pixel, line, number))
        memory = self._empty(name, (at_once * size,), pictures.dtype, training)
        for start in range(0, samples, at_once):
            few = slice(start, min(start + at_once, samples))
            if any(frame):
                inside[: few.stop - start] = pictures[few]
                seen = windows[: few.stop - start]
            else:
                seen = windows[few]
            # Of depth 1, few numbers lie side by side under the kernel, but long rows of them pass under each of its
            # weights: the copy is made row by row, and the matrix is its transpose.
            if depth == 1:
                seen = seen.transpose(3, 4, 0, 1, 2)
            copy = memory[: seen.size].reshape(seen.shape)
            np.copyto(copy, seen)
            yield few, copy.reshape(m * n, -1).T if depth == 1 else copy.reshape(-1, m * n * depth)

    def settings(self) -> dict[str, Any]:
        return {"kernel_shape": list(self.kernel_shape), "layer_depth": self.layer_depth}
