"""What every layer has in common, so that a network can be any list of them.

A layer turns its input X into its output Y, and ∂E/∂Y into ∂E/∂X. That is all a network needs to know of it.
"""

import copy
from abc import ABC, abstractmethod
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .shapes import Shape, read_shape

Array = NDArray[Any]
Arrays = dict[str, Array]  # by name
T = TypeVar("T")


class Layer(ABC):
    """Base class of all layers.

    Axis 0 of every array is the batch; `input_shape` and `output_shape` leave it out. A layer that was not given its
    input shape is completed by `Network.add`, which calls `build` with the output shape of the layer before.

    A subclass sets what `build` needs, and then calls `super().__init__(input_shape, rng)`.

    Attributes:
        parameter_names: the attributes that are learned. Most layers have none.
        statistic_names: the attributes that `settle` measures. Most layers have none.
        input, output: X and Y of the last pass that can be run backwards, where that takes the whole of them.
        gradients: ∂E/∂ of each parameter, summed over the batch, as the last `backward_propagation` left them.
        remembered_names: the attributes that a pass leaves for the backward pass.
        rng: where a layer that draws at random while training draws from.
    """

    parameter_names: tuple[str, ...] = ()
    statistic_names: tuple[str, ...] = ()
    remembered_names: tuple[str, ...] = ("input", "output")

    def __init__(self, input_shape: Any = None, rng: np.random.Generator | None = None) -> None:
        self.input: Array | None = None
        self.output: Array | None = None
        self.input_shape: Shape | None = None
        self.output_shape: Shape | None = None
        self.gradients: dict[str, Array] = {}
        self.rng = rng
        if input_shape is not None:
            self.build(read_shape(f"the input_shape of {type(self).__name__}", input_shape), rng)

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        """Set both shapes, which are the same unless a layer says otherwise, and draw the first parameters.

        Raises:
            ValueError: the layer cannot take inputs of this shape.
        """
        self.input_shape = self.output_shape = input_shape

    @abstractmethod
    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Output Y `(n, *output_shape)` for an input X `(n, *input_shape)`.

        Args:
            training: True learns: what is dropped at random is dropped. False predicts, and writes nothing to the
                layer, so that many threads can predict with one network. Left out, the layer computes as in
                prediction and remembers, as the article's layers do.
        """

    @abstractmethod
    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X `(n, *input_shape)` for ∂E/∂Y `(n, *output_shape)` of the last input that the layer remembers.

        Sets `gradients` on the way. With a `learning_rate` it also takes the article's plain step,
        parameter −= learning_rate · gradient; without one it changes no parameter.

        Raises:
            RuntimeError: the layer remembers no input.
        """

    def compute_gradients(self, output_error: Array) -> None:
        """Set `gradients` only: all that is asked of the first layer that learns, whose ∂E/∂X nobody reads."""
        self.backward_propagation(output_error)

    def settle(self, input: Array) -> None:  # noqa: B027 — most layers have nothing to measure
        """Measure on a representative sample, `(n, *input_shape)`, what the layer has to know of it to predict."""

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The shape that each parameter will have once the layer is built: a file is checked before memory is taken.

        Raises:
            ValueError: the layer cannot take inputs of this shape.
        """
        return {}

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
        """A layer that shares the parameters; what it remembers and measures, and its gradients, are its own."""
        twin = copy.copy(self)
        for name, array in self.statistics.items():
            setattr(twin, name, array.copy())
        for name in self.remembered_names:
            setattr(twin, name, None)
        twin.gradients = {}
        return twin

    def _take_step(self, learning_rate: float | None) -> None:
        if learning_rate is not None:
            for name, parameter in self.parameters.items():
                parameter -= learning_rate * self.gradients[name]


def remembered(left: T | None) -> T:
    """What a forward pass left for the backward pass.

    Raises:
        RuntimeError: there was none.
    """
    if left is None:
        raise RuntimeError("there is no input to go back to: call forward_propagation(input, training=True) first")
    return left


def floats(array: ArrayLike) -> Array:
    """The array itself, or float64 where it holds whole numbers: of uint8, numpy's tanh has three digits."""
    array = np.asarray(array)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def pictures(input: Array) -> Array:
    """The input itself.

    Raises:
        ValueError: it is not a batch of pictures.
    """
    if input.ndim != 4:
        raise ValueError(f"pictures come as (n, h, w, d), got an array of shape {input.shape}: one is picture[None]")
    return input


def where(condition: Array, array: Array, out: Array | None = None) -> Array:
    """`np.where(condition, array, 0)` in a twentieth of the time; `out` is an array to write to.

    A product with 0 and 1 is as fast, but 0 · ∞ is not a number. The bits are multiplied instead, as whole numbers.
    """
    whole = f"i{array.itemsize}"
    selected = np.multiply(array.view(whole), condition, out=None if out is None else out.view(whole))
    return selected.view(array.dtype)


def initial_weights(shape: Shape, inputs: int, rng: np.random.Generator | None, dtype: DTypeLike) -> Array:
    """Weights drawn evenly from ±√(3 / inputs), where `inputs` numbers feed each output.

    The output then varies as much as the input did (LeCun et al., "Efficient BackProp", 1998). Without an `rng` the
    draw is a new one every time.
    """
    limit = np.sqrt(3 / inputs)
    return (rng or np.random.default_rng()).uniform(-limit, limit, shape).astype(dtype)
