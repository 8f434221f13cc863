"""The batch normalization layer: keeps the numbers between two layers at one size while both of them learn."""

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, remembered
from .shapes import Shape

EPSILON = 1e-5  # added to the variance: what never changes has none


class BatchNormalizationLayer(Layer):
    """Y = scale · X̂ + shift, where X̂ = (X − mean) / deviation, at each depth.

    Ioffe & Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    2015. While training, mean and deviation are those of the batch, over all its samples and positions. To predict,
    they are those that `settle` measured last, on a representative sample (algorithm 2 of the paper).

    Args:
        input_shape: `(d,)` or `(h, w, d)`; left out, it is taken from the layer before.

    Scale, shift, and the mean and variance to predict with, have shape `(d,)`.
    """

    parameter_names = ("scale", "shift")
    statistic_names = ("mean", "variance")
    EPSILON = EPSILON
    centred: Array | None = None  # X less its mean, in training

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        return {"scale": input_shape[-1:], "shift": input_shape[-1:]}

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        super().build(input_shape, rng, dtype)
        self.width = input_shape[-2] if len(input_shape) > 1 else 1
        depth = input_shape[-1:]
        self.scale, self.shift = np.ones(depth, dtype), np.zeros(depth, dtype)
        self.mean, self.variance = np.zeros(depth, dtype), np.ones(depth, dtype)

    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Y = scale · (X − mean) / deviation + shift."""
        input = np.asarray(input, self.scale.dtype)
        rows = self._rows(input)
        if training:
            self.centred = rows - self._row(self._mean(rows))
            output = self.centred * self.centred
            self.deviation = self._deviation(self._mean(output))
            np.multiply(self.centred, self._row(self.scale / self.deviation), out=output)
            output += self._row(self.shift)
        else:
            slope, offset = self.line()
            output = rows * self._row(slope)
            output += self._row(offset)
            if training is None:
                self.centred, self.deviation = rows - self._row(self.mean), self._deviation(self.variance)
        if training is not False:
            self.of_batch = bool(training)
        return output.reshape(input.shape)

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂scale = Σ X̂ · ∂E/∂Y, ∂E/∂shift = Σ ∂E/∂Y and

        ∂E/∂X = scale / deviation · (∂E/∂Y − mean(∂E/∂Y) − X̂ · mean(X̂ · ∂E/∂Y)).

        The two means, over the batch, are what X does to its own mean and deviation. They are left out where mean and
        deviation were not those of the batch.
        """
        error, centred = self._rows(np.asarray(output_error, self.scale.dtype)), remembered(self.centred)
        input_error = centred * error
        mean, along = self._mean(error), self._mean(input_error) / self.deviation
        count = output_error.size // len(mean)
        self.gradients = {"scale": count * along, "shift": count * mean}
        if self.of_batch:
            np.multiply(centred, self._row(-along / self.deviation), out=input_error)
            input_error += error
            input_error -= self._row(mean)
            input_error *= self._row(self.scale / self.deviation)
        else:
            np.multiply(error, self._row(self.scale / self.deviation), out=input_error)
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
        return array.reshape(-1, self.width * len(self.scale))

    def _row(self, of_depth: Array) -> Array:
        """Numbers for each depth as a line of pixels that all have them."""
        return of_depth[np.newaxis].repeat(self.width, axis=0).reshape(-1)

    def _mean(self, rows: Array) -> Array:
        """At each depth."""
        of_row = np.ones(len(rows), rows.dtype) @ rows
        return of_row.reshape(self.width, -1).sum(axis=0) / rows.dtype.type(len(rows) * self.width)

    def _deviation(self, variance: Array) -> Array:
        """√(variance + EPSILON)."""
        return np.sqrt(variance + variance.dtype.type(self.EPSILON))
