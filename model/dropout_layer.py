"""The dropout layer: a network that cannot rely on any single neuron learns things more than once."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, floats, remembered, where
from .shapes import Shape, ShapeLike


class DropoutLayer(Layer):
    """While training, Y = mask · X / (1 − rate), where the mask is 0 for a random share of X, else 1; otherwise Y = X.

    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014. The scale,
    1 / (1 − rate), keeps the expected output, so that prediction needs none.

    Args:
        input_shape: any; left out, it is taken from the layer before: `DropoutLayer(0.5)`.
        rate: the share that is dropped, 0 ≤ rate < 1; 0.5 if left out.
        rng: where the masks are drawn from; a network gives its layers its own.
    """

    remembered_names = ("input", "mask")

    def __init__(
        self,
        input_shape: ShapeLike | float | None = None,
        rate: float | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if isinstance(input_shape, int | float) and rate is None:
            input_shape, rate = None, input_shape
        self.rate = 0.5 if rate is None else rate
        if not 0 <= self.rate < 1:
            raise ValueError(f"DropoutLayer expects 0 ≤ rate < 1, got {rate}: it is the share that is dropped")
        self.mask: Array | None = None
        super().__init__(input_shape, rng)

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        super().build(input_shape, rng, dtype)
        self.rng = rng or np.random.default_rng()

    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Y = mask · X / (1 − rate) while training, else Y = X."""
        output = input = np.asarray(input)
        mask = None
        if training:
            rng = self.rng or np.random.default_rng()
            # Two random bytes are fine enough; four times two are drawn at once, in a fifth of the time of rng.random.
            drawn = rng.integers(2**64, size=-(-input.size // 4), dtype=np.uint64).view(np.uint16)
            mask = drawn[: input.size].reshape(input.shape) >= round(self.rate * 2**16)
            output = self._kept(input, mask)
        if training is not False:
            self.input, self.mask = input, mask
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X = mask · ∂E/∂Y / (1 − rate), and ∂E/∂Y where nothing was dropped."""
        remembered(self.input)
        return output_error if self.mask is None else self._kept(output_error, self.mask)

    def _kept(self, array: Array, mask: Array) -> Array:
        """mask · array / (1 − rate)."""
        kept = where(mask, floats(array))
        kept *= 1 / (1 - self.rate)
        return kept

    def settings(self) -> dict[str, Any]:
        return {"rate": self.rate}
