"""The batch normalization layer: keeps the numbers between two layers at one size while both of them learn."""

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, remembered
from .shapes import Shape

EPSILON = 1e-5  # added to the variance: what never changes has none
AT_ONCE = 2**18  # bytes of rows whose variance is summed while they are in the cache


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

    remembered_names = ("input", "input_mean", "deviation")

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
        mean, variance = self.mean, self.variance
        if training:
            mean = self._mean(rows)
            variance = self._variance(rows, mean)
        slope, offset = self._line(mean, variance)
        output = rows * self._row(slope)
        output += self._row(offset)
        if training is not False:
            self.input, self.of_batch = input, bool(training)
            self.input_mean, self.deviation = mean, self._deviation(variance)
        return output.reshape(input.shape)

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂scale = Σ X̂ · ∂E/∂Y, ∂E/∂shift = Σ ∂E/∂Y and

        ∂E/∂X = scale / deviation · (∂E/∂Y − mean(∂E/∂Y) − X̂ · mean(X̂ · ∂E/∂Y)).

        The two means, over the batch, are what X does to its own mean and deviation. They are left out where mean and
        deviation were not those of the batch.
        """
        error, rows = self._rows(np.asarray(output_error, self.scale.dtype)), self._rows(remembered(self.input))
        centred = rows - self._row(self.input_mean)
        mean, along = self._mean(error), self._mean_product(centred, error) / self.deviation
        count = output_error.size // len(mean)
        self.gradients = {"scale": count * along, "shift": count * mean}
        if self.of_batch:
            input_error = centred
            input_error *= self._row(-along / self.deviation)
            input_error += error
            input_error -= self._row(mean)
            input_error *= self._row(self.scale / self.deviation)
        else:
            input_error = error * self._row(self.scale / self.deviation)
        self._take_step(learning_rate)
        return input_error.reshape(output_error.shape)

    def line(self) -> tuple[Array, Array]:
        """What the layer does in prediction, Y = slope · X + offset: both `(d,)`."""
        return self._line(self.mean, self.variance)

    def settle(self, input: Array) -> None:
        """Take mean and variance of an input as those to predict with."""
        rows = self._rows(input)
        self.mean[:] = self._mean(rows)
        self.variance[:] = self._variance(rows, self.mean)

    # numpy is slow on short rows, as those of a pixel's depth are: all this works on whole lines of pixels.

    def _rows(self, array: Array) -> Array:
        """`(n, h, w, d)` as `(n · h, w · d)`, and `(n, d)` as it is."""
        return array.reshape(-1, self.width * len(self.scale))

    def _row(self, of_depth: Array) -> Array:
        """Numbers for each depth as a line of pixels that all have them."""
        return of_depth[np.newaxis].repeat(self.width, axis=0).reshape(-1)

    def _mean(self, rows: Array) -> Array:
        """At each depth."""
        return self._mean_of_sums(np.ones(len(rows), rows.dtype) @ rows, len(rows))

    def _mean_product(self, rows: Array, others: Array) -> Array:
        """Of the products of two arrays, at each depth."""
        return self._mean_of_sums(np.einsum("ij,ij->j", rows, others), len(rows))

    def _mean_of_sums(self, sums: Array, count: int) -> Array:
        """At each depth, of the sums of `count` rows."""
        return sums.reshape(self.width, -1).sum(axis=0) / sums.dtype.type(count * self.width)

    def _variance(self, rows: Array, mean: Array) -> Array:
        """At each depth, a few rows at a time: their differences from the mean stay in the cache."""
        row, sums = self._row(mean), np.zeros(rows.shape[1], rows.dtype)
        at_once = max(1, AT_ONCE // row.nbytes)
        for start in range(0, len(rows), at_once):
            centred = rows[start : start + at_once] - row
            sums += np.einsum("ij,ij->j", centred, centred)
        return self._mean_of_sums(sums, len(rows))

    def _line(self, mean: Array, variance: Array) -> tuple[Array, Array]:
        slope = self.scale / self._deviation(variance)
        return slope, self.shift - mean * slope

    def _deviation(self, variance: Array) -> Array:
        """√(variance + EPSILON)."""
        return np.sqrt(variance + variance.dtype.type(self.EPSILON))
