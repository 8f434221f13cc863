"""The network: a list of layers, run forwards to predict and backwards to learn."""

import copy
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .layer import Array, Layer, Shape, batch_of
from .losses import Loss, LossPrime


class Network:
    """Layers in a row: the output of each is the input of the next.

    Args:
        input_shape: of one sample; needed only where the first layer was not given its own.
        rng: draws the first weights of layers that take their input shape from the layer before.
        dtype: what those layers compute in: float32 to train, float64 to compare with formulas.
    """

    PREDICTED_AT_ONCE = 128  # samples; bounds the memory that a prediction takes

    def __init__(
        self,
        input_shape: Shape | None = None,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.layers: list[Layer] = []
        self.loss: Loss | None = None
        self.loss_prime: LossPrime | None = None
        self.input_shape = input_shape
        self.rng = rng
        self.dtype = np.dtype(dtype)

    def add(self, layer: Layer) -> None:
        """Append a layer; one without an input shape takes it from the layer before.

        Raises:
            ValueError: the layer does not fit behind the layer before it.
        """
        shape = self.output_shape
        if layer.input_shape is None:
            if shape is None:
                raise ValueError(f"{type(layer).__name__} is the first layer: give it its input_shape")
            layer.build(shape, self.rng, self.dtype)
        elif shape not in (None, layer.input_shape):
            raise ValueError(
                f"layer {len(self.layers)}, {type(layer).__name__}, expects {batch_of(layer.input_shape)}, "
                f"got {batch_of(shape or ())}: leave its input_shape out and it is taken from the layer before"
            )
        if not self.layers:
            self.input_shape = layer.input_shape
        self.layers.append(layer)

    @property
    def output_shape(self) -> Shape | None:
        """Shape of one output, or of one input while there are no layers."""
        return self.layers[-1].output_shape if self.layers else self.input_shape

    def use(self, loss: Loss, loss_prime: LossPrime) -> None:
        """Set the loss that `fit` lowers, and its derivative."""
        self.loss = loss
        self.loss_prime = loss_prime

    def predict(self, input_data: ArrayLike) -> Array:
        """Outputs `(n, *output_shape)` for inputs `(n, *input_shape)`. Writes nothing to the network.

        Raises:
            ValueError: the inputs do not have the network's input shape.
        """
        input = self._checked(input_data)
        assert self.output_shape is not None
        output = np.empty((len(input), *self.output_shape), self.dtype)
        for start in range(0, len(input), self.PREDICTED_AT_ONCE):
            rows = slice(start, start + self.PREDICTED_AT_ONCE)
            output[rows] = self.forward_propagation(input[rows])
        return output

    def fit(self, x_train: ArrayLike, y_train: ArrayLike, epochs: int, learning_rate: float) -> None:
        """Learn as the article does: one sample at a time, in their order, one printed line per epoch.

        Args:
            x_train: `(n, *input_shape)`.
            y_train: `(n, *output_shape)`.

        Raises:
            ValueError: there is no loss yet, or the inputs do not have the network's input shape.
        """
        if self.loss is None or self.loss_prime is None:
            raise ValueError("the network has no loss: call use(mse, mse_prime) before fit")
        inputs, targets = self._checked(x_train), np.asarray(y_train)
        for epoch in range(epochs):
            error = 0.0
            for sample in range(len(inputs)):
                y_true = targets[sample : sample + 1]
                output = self.forward_propagation(inputs[sample : sample + 1], training=True)
                error += self.loss(y_true, output)  # to be displayed, nothing more
                self.backward_propagation(self.loss_prime(y_true, output), learning_rate)
            print(f"epoch {epoch + 1}/{epochs} error={error / len(inputs):f}")

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        """Through all layers, first to last."""
        output = input
        for layer in self.layers:
            output = layer.forward_propagation(output, training)
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """Through all layers, last to first: ∂E/∂X of the whole network. Fills every layer's gradients."""
        error = output_error
        for layer in reversed(self.layers):
            error = layer.backward_propagation(error, learning_rate)
        return error

    def compute_gradients(self, output_error: Array) -> None:
        """`backward_propagation` without the ∂E/∂X of the first layer, which learning does not need."""
        error = output_error
        for layer in reversed(self.layers[1:]):
            error = layer.backward_propagation(error)
        self.layers[0].compute_gradients(error)

    def parameters(self) -> dict[str, Array]:
        """The learned arrays of all layers, as "0.weights", "0.bias", …; not copies."""
        return {f"{i}.{name}": array for i, layer in enumerate(self.layers) for name, array in layer.parameters.items()}

    def gradients(self) -> dict[str, Array]:
        """∂E/∂ of each parameter as the last backward propagation left them, keyed like `parameters`."""
        return {f"{i}.{name}": array for i, layer in enumerate(self.layers) for name, array in layer.gradients.items()}

    def arrays(self) -> dict[str, Array]:
        """All that prediction needs: what the layers learned and what they measured, keyed likewise; not copies."""
        layers = enumerate(self.layers)
        measured = {f"{i}.{name}": array for i, layer in layers for name, array in layer.statistics.items()}
        return {**self.parameters(), **measured}

    def settle(self, input: Array) -> None:
        """Let the layers measure what they have to know to predict, on inputs that stand for all, after learning."""
        if not any(layer.statistic_names for layer in self.layers):
            return
        output = input
        for layer in self.layers:
            layer.settle(output)
            output = layer.forward_propagation(output)

    def replica(self) -> Self:
        """A network with the same parameters, but its own gradients and memory (see `Layer.replica`)."""
        twin = copy.copy(self)
        twin.layers = [layer.replica() for layer in self.layers]
        return twin

    def draw_from(self, rng: np.random.Generator) -> None:
        """Let the layers that draw at random while training draw from `rng`."""
        for layer in self.layers:
            layer.rng = rng

    def _checked(self, input_data: ArrayLike) -> Array:
        input = np.asarray(input_data, self.dtype)
        if not self.layers or self.input_shape is None:
            raise ValueError("the network has no layers: add some first")
        if input.shape[1:] != self.input_shape:
            raise ValueError(f"the network expects {batch_of(self.input_shape)}, got an array of shape {input.shape}")
        return input
