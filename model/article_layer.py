"""A layer as the article writes one, in a network that works on batches."""

import copy
import inspect
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, remembered
from .shapes import Shape, read_shape


class ArticleLayer(Layer):
    """Gives a layer one sample at a time, and asks no more of it than the article does:

        forward_propagation(input), and backward_propagation(output_error, learning_rate), which also learns.

    A row of i numbers comes as `(1, i)`, as there. The layer remembers one sample, so each sample of a batch goes
    through a copy of it. `Network.fit` and `predict` need nothing else; an optimizer needs to know what there is to
    learn: `parameter_names`, a tuple with the names of the layer's arrays.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer
        self.copies: list[Any] = []
        for name in ("input_shape", "output_shape"):
            if (shape := getattr(layer, name, None)) is not None:
                setattr(self, name, read_shape(f"the {name} of {type(layer).__name__}", shape))
        self.sample_shape = self.input_shape
        held = {name for name, value in vars(layer).items() if isinstance(value, np.ndarray)}
        self.arrays = sorted(held - {"input", "output"})

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        """Its arrays are there already."""
        self.input_shape = input_shape

    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Y of each sample."""
        copies = [copy.copy(self.layer) for _ in input]
        samples = [sample.reshape(self.sample_shape or np.atleast_2d(sample).shape) for sample in input]
        output = np.stack([one.forward_propagation(sample) for one, sample in zip(copies, samples, strict=True)])
        if training is not False:
            self.input, self.output, self.copies = input, output, copies
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X of each sample. With a learning rate the layer learns from one after the other."""
        input = remembered(self.input)
        if learning_rate is None:
            self.gradients = {name: np.zeros_like(array) for name, array in self.parameters.items()}
        input_errors = []
        for one, error in zip(self.copies, output_error, strict=True):
            if learning_rate is None:
                input_errors.append(self._add_gradients(one, error))
            else:
                vars(one).update({name: getattr(self.layer, name) for name in self.arrays})  # from the samples before
                input_errors.append(one.backward_propagation(error, learning_rate))
                vars(self.layer).update(vars(one))
        return np.stack(input_errors).reshape(input.shape)

    def _add_gradients(self, one: Any, output_error: Array) -> Array:
        """∂E/∂X of a sample. A copy of the arrays makes a step at a learning rate of 1, and so tells the gradients."""
        vars(one).update({name: array.copy() for name, array in self.parameters.items()})
        input_error: Array = one.backward_propagation(output_error, 1.0)
        for name, array in self.parameters.items():
            self.gradients[name] += array - getattr(one, name)
        return input_error

    @property
    def parameters(self) -> dict[str, Array]:
        """The arrays that the layer names.

        Raises:
            ValueError: it holds others, which an optimizer would not see.
        """
        names = tuple(getattr(self.layer, "parameter_names", ()))
        if not set(self.arrays) <= set(names):
            raise ValueError(
                f"{type(self.layer).__name__} does not say what it learns, so that an optimizer would leave it out: "
                f"name its arrays, parameter_names = {tuple(self.arrays)}, or train it with Network.fit"
            )
        return {name: getattr(self.layer, name) for name in names}

    def __getattr__(self, name: str) -> Any:
        """Whoever asks the network for this layer's weights gets those of the layer itself."""
        if name == "layer" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.layer, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """The arrays stay with the layer, whoever sets others in their place."""
        object.__setattr__(self.layer if name in vars(self).get("arrays", ()) else self, name, value)


def takes_batches(layer: Any) -> bool:
    """Whether it is a layer of the project's own style, which is told whether it trains."""
    return isinstance(layer, Layer) and "training" in inspect.signature(layer.forward_propagation).parameters
