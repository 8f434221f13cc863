"""The batch normalization layer: keeps the numbers between two layers at one size while both of them learn."""

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, Shape


class BatchNormalizationLayer(Layer):
    """Y = scale · X̂ + shift, where X̂ is X less its mean, over its standard deviation, at each depth.

    Ioffe & Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    2015. While training, mean and deviation are those of the batch, over all its samples and positions. To predict,
    they are those that `settle` measured last, on samples that stand for all (algorithm 2 of the paper).

    Args:
        input_shape: `(d,)` or `(h, w, d)`; left out, it is taken from the layer before.

    Scale, shift, and the mean and variance to predict with, have shape `(d,)`.
    """

    parameter_names = ("scale", "shift")
    statistic_names = ("mean", "variance")
    EPSILON = 1e-5  # added to the variance: what never changes has none

    def __init__(self, input_shape: Shape | None = None) -> None:
        super().__init__()
        if input_shape is not None:
            self.build(input_shape)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        return {"scale": input_shape[-1:], "shift": input_shape[-1:]}

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        self.input_shape = self.output_shape = input_shape
        depth = input_shape[-1:]
        self.scale, self.shift = np.ones(depth, dtype), np.zeros(depth, dtype)
        self.mean, self.variance = np.zeros(depth, dtype), np.ones(depth, dtype)

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        rows = self._rows(input)
        if not training:
            slope, offset = self.line()
            output = rows * self._row(slope)
            output += self._row(offset)
            return output.reshape(input.shape)
        centred = np.subtract(rows, self._row(self._mean(rows)), out=self._empty("centred", rows.shape, rows.dtype))
        output = np.multiply(centred, centred, out=self._empty("output", rows.shape, rows.dtype))
        self.deviation = self._deviation(self._mean(output))
        np.multiply(centred, self._row(self.scale / self.deviation), out=output)
        output += self._row(self.shift)
        self.input, self.centred, self.output = input, centred, output.reshape(input.shape)
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂scale = Σ X̂ · ∂E/∂Y, ∂E/∂shift = Σ ∂E/∂Y, and what X does to the batch's mean and deviation taken off,

        ∂E/∂X = scale / deviation · (∂E/∂Y − the mean of ∂E/∂Y − X̂ · the mean of X̂ · ∂E/∂Y).
        """
        error = self._rows(output_error)
        input_error = np.multiply(self.centred, error, out=self._empty("input_error", error.shape, error.dtype))
        mean, along = self._mean(error), self._mean(input_error) / self.deviation
        count = output_error.size // len(mean)
        self.gradients = {"scale": count * along, "shift": count * mean}
        np.multiply(self.centred, self._row(along / self.deviation), out=input_error)
        np.subtract(error, input_error, out=input_error)
        input_error -= self._row(mean)
        input_error *= self._row(self.scale / self.deviation)
        self._take_step(learning_rate)
        return input_error.reshape(output_error.shape)

    def line(self) -> tuple[Array, Array]:
        """What the layer does in prediction, Y = slope · X + offset: both `(d,)`."""
        slope = self.scale / self._deviation(self.variance)
        return slope, self.shift - self.mean * slope

    def settle(self, input: Array) -> None:
        """Take mean and variance of an input as those to predict with."""
        self.mean[:] = self._mean(self._rows(input))
        self.variance[:] = self._mean(self._rows(np.square(input - self.mean)))

    # numpy is slow on short rows, as those of a pixel's depth are: all this works on whole lines of pixels.

    def _rows(self, array: Array) -> Array:
        """`(n, h, w, d)` as `(n · h, w · d)`, and `(n, d)` as it is."""
        assert self.input_shape is not None
        return array.reshape(-1, self._width * self.input_shape[-1])

    def _row(self, of_depth: Array) -> Array:
        """Numbers for each depth as a line of pixels that all have them."""
        return of_depth[np.newaxis].repeat(self._width, axis=0).reshape(-1)

    def _mean(self, rows: Array) -> Array:
        """At each depth."""
        of_row = np.ones(len(rows), rows.dtype) @ rows
        return of_row.reshape(self._width, -1).sum(axis=0) / rows.dtype.type(len(rows) * self._width)

    def _deviation(self, variance: Array) -> Array:
        return np.sqrt(variance + variance.dtype.type(self.EPSILON))

    @property
    def _width(self) -> int:
        """Pixels of a line."""
        assert self.input_shape is not None
        return self.input_shape[-2] if len(self.input_shape) > 1 else 1
