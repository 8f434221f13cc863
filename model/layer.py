"""What every layer has in common, so that a network can be any list of them.

A layer turns its input X into its output Y, and ∂E/∂Y into ∂E/∂X. That is all a network needs to know of it.
"""

import copy
from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

Shape = tuple[int, ...]
Array = NDArray[Any]


class Layer(ABC):
    """Base class of all layers.

    Axis 0 of every array is the batch; `input_shape` and `output_shape` leave it out. A layer that was not given its
    input shape is completed by `Network.add`, which calls `build` with the output shape of the layer before.

    Attributes:
        parameter_names: the attributes that are learned. Most layers have none.
        statistic_names: the attributes that `settle` measures. Most layers have none.
        gradients: ∂E/∂ of each parameter, summed over the batch, as the last `backward_propagation` left them.
        rng: where a layer that draws at random while training draws from.
    """

    parameter_names: tuple[str, ...] = ()
    statistic_names: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.input: Array | None = None
        self.output: Array | None = None
        self.input_shape: Shape | None = None
        self.output_shape: Shape | None = None
        self.gradients: dict[str, Array] = {}
        self.rng: np.random.Generator | None = None
        self._memory: dict[str, Array] | None = None

    @abstractmethod
    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        """Set both shapes and draw the first parameters.

        Raises:
            ValueError: the layer cannot take inputs of this shape.
        """

    @abstractmethod
    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        """Output Y `(n, *output_shape)` for an input X `(n, *input_shape)`.

        Only while `training` does the layer remember what its backward pass needs; otherwise it writes nothing to
        itself, so that many threads can predict with one network.
        """

    @abstractmethod
    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X `(n, *input_shape)` for ∂E/∂Y `(n, *output_shape)` of the last training input.

        Fills `gradients` on the way. With a `learning_rate` it also takes the article's plain step,
        parameter -= learning_rate · gradient; without one it changes no parameter.
        """

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The shape that each parameter will have once the layer is built.

        Raises:
            ValueError: the layer cannot take inputs of this shape.
        """
        return {}

    def compute_gradients(self, output_error: Array) -> None:
        """Fill `gradients` only: all that is asked of a network's first layer, whose ∂E/∂X nobody reads."""
        self.backward_propagation(output_error)

    def settle(self, input: Array) -> None:  # noqa: B027 — most layers have nothing to measure
        """Measure on samples that stand for all, `(n, *input_shape)`, what the layer has to know of them to predict."""

    def settings(self) -> dict[str, Any]:
        """The constructor's arguments beside the input shape, as JSON can hold them."""
        return {}

    @property
    def parameters(self) -> dict[str, Array]:
        """The learned arrays themselves, by name: change them in place and the layer has learned."""
        return {name: getattr(self, name) for name in self.parameter_names}

    @property
    def statistics(self) -> dict[str, Array]:
        """The measured arrays themselves, by name."""
        return {name: getattr(self, name) for name in self.statistic_names}

    def replica(self) -> Self:
        """A layer that shares the parameters, for one worker of a training run.

        Its gradients and memory are its own. It hands out the same arrays again at every training step, so an output
        or gradient of a replica is valid until the replica's next step.
        """
        twin = copy.copy(self)
        twin.input = twin.output = None
        twin.gradients = {}
        twin._memory = {}
        return twin

    def _take_step(self, learning_rate: float | None) -> None:
        if learning_rate is not None:
            for name, parameter in self.parameters.items():
                parameter -= learning_rate * self.gradients[name]

    def _empty(self, name: str, shape: Shape, dtype: DTypeLike, training: bool = True) -> Array:
        """An array to fill. A training replica gets its last one of that name back: new memory costs page faults."""
        if self._memory is None or not training:
            return np.empty(shape, dtype)
        array = self._memory.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._memory[name] = np.empty(shape, dtype)
        return array

    def _zeros(self, name: str, shape: Shape, dtype: DTypeLike) -> Array:
        """Zeros to write on, always the same part of them: a replica gets its last ones back as it left them."""
        if self._memory is None:
            return np.zeros(shape, dtype)
        known = self._memory.get(name)
        array = self._empty(name, shape, dtype)
        if array is not known:
            array[...] = 0
        return array


def batch_of(shape: Shape) -> str:
    """A shape with its batch axis, as error messages write it: (n, 26, 26, 1)."""
    return f"(n, {', '.join(map(str, shape))})"


def initial_weights(shape: Shape, inputs: int, rng: np.random.Generator | None, dtype: DTypeLike) -> Array:
    """Weights drawn evenly from ±√(3 / inputs), where `inputs` numbers feed each output.

    The output then varies as much as the input did (LeCun et al., "Efficient BackProp", 1998). Without an `rng` the
    draw is a new one every time.
    """
    limit = np.sqrt(3 / inputs)
    return (rng or np.random.default_rng()).uniform(-limit, limit, shape).astype(dtype)
