"""The network: a list of layers, run forwards to predict and backwards to learn."""

import copy
import math
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .article_layer import ArticleLayer, takes_batches
from .fit_checks import check_examples, check_layers, not_finite, shaped_targets
from .layer import Array, Layer
from .losses import Loss, LossPrime
from .shapes import Shape, ShapeLike, as_row, batch_of, read_shape


class Network:
    """Layers in a row: the output of each is the input of the next.

    Args:
        input_shape: of one sample; needed only where the first layer was not given its own.
        rng: draws the first weights of layers that take their input shape from the layer before.
        dtype: what those layers compute in: float32 to train, float64 to compare with formulas.

    A row of i numbers may be written `(i,)` or, as in the article, `(1, i)`, in the shapes of layers and of samples
    alike. Outputs have the form of the samples.
    """

    PREDICTED_AT_ONCE = 128  # samples; bounds the memory that a prediction takes
    SETTLED_ON = 1_024  # samples, on which layers measure at the end of `fit` what prediction needs

    def __init__(
        self,
        input_shape: ShapeLike | None = None,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.layers: list[Layer] = []
        self.loss: Loss | None = None
        self.loss_prime: LossPrime | None = None
        self.input_shape = None if input_shape is None else read_shape("the input_shape of Network", input_shape)
        self.rng = rng
        self.dtype = np.dtype(dtype)

    def add(self, layer: Any) -> None:
        """Append a layer; one without an input shape takes it from the layer before.

        Args:
            layer: a `Layer`, or what has the article's two methods, which is put into an `ArticleLayer`.

        Raises:
            TypeError: it is no layer.
            ValueError: it does not fit behind the layer before it, or is in the network already.
        """
        name, number = type(layer).__name__, len(self.layers)
        if isinstance(layer, type) or not hasattr(layer, "backward_propagation"):
            raise TypeError(f"add expects a layer such as FCLayer(784, 10), got {layer!r}")
        if any(layer in (known, getattr(known, "layer", None)) for known in self.layers):
            raise ValueError(f"this {name} is in the network already: make another, as one can learn at one place only")
        added = layer if takes_batches(layer) else ArticleLayer(layer)
        shape = self.output_shape
        if added.input_shape is not None:
            if shape is not None and as_row(shape) != as_row(added.input_shape):
                raise ValueError(
                    f"layer {number}, {name}, expects {batch_of(added.input_shape)}, "
                    f"got {batch_of(shape)}: leave its input_shape out and it is taken from the layer before"
                )
        elif shape is not None:
            added.build(shape, self.rng, self.dtype)
        elif added is layer and not self.layers:
            raise ValueError(f"{name} is the first layer: give it its input_shape")
        elif added.parameter_names:
            raise ValueError(
                f"layer {number}, {name}: give it its input_shape, as the layer before has no output_shape"
            )
        if not self.layers:
            self.input_shape = added.input_shape
        self.layers.append(added)

    @property
    def output_shape(self) -> Shape | None:
        """Shape of one output, or of one input while there are no layers; None where the last layer does not say."""
        return self.layers[-1].output_shape if self.layers else self.input_shape

    def use(self, loss: Loss, loss_prime: LossPrime) -> None:
        """Set the loss that `fit` lowers, and its derivative."""
        self.loss = loss
        self.loss_prime = loss_prime

    def losses(self) -> tuple[Loss, LossPrime]:
        """The loss and its derivative, as `use` set them.

        Raises:
            ValueError: it did not.
        """
        if self.loss is None or self.loss_prime is None:
            raise ValueError("the network has no loss: call use(mse, mse_prime) first")
        return self.loss, self.loss_prime

    def predict(self, input: ArrayLike) -> Array:
        """Outputs `(n, *output_shape)` for inputs `(n, *input_shape)`. Writes nothing to the network.

        Raises:
            ValueError: the inputs do not have the network's input shape.
        """
        samples = self._samples(input)
        starts = range(0, max(1, len(samples)), self.PREDICTED_AT_ONCE)
        parts = [self.forward_propagation(samples[i : i + self.PREDICTED_AT_ONCE], training=False) for i in starts]
        return np.concatenate(parts)

    def fit(self, x_train: ArrayLike, y_train: ArrayLike, epochs: int, learning_rate: float) -> None:
        """Learn as the article does: one sample at a time, in their order, one printed line per epoch.

        Args:
            x_train: `(n, *input_shape)`.
            y_train: `(n, *output_shape)`.

        Raises:
            ValueError: there is no loss yet, the inputs or targets are not of the network's shapes or not finite, or a
                layer cannot learn from one sample at a time. Nothing has been learned then.
            FloatingPointError: the loss, or in the end an output, is not finite.
        """
        loss, loss_prime = self.losses()
        check_layers(self.layers)
        inputs, targets = self._samples(x_train), np.asarray(y_train, self.dtype)
        check_examples(inputs, targets)
        with np.errstate(all="ignore"):  # what overflows shows in the loss
            targets = shaped_targets(targets, self.predict(inputs[:1]).shape[1:])
            for epoch in range(epochs):
                error = 0.0
                for sample in range(len(inputs)):
                    y_true = targets[sample : sample + 1]
                    output = self.forward_propagation(inputs[sample : sample + 1], training=True)
                    error += loss(y_true, output)  # to be displayed, nothing more
                    if not math.isfinite(error):
                        place = f"epoch {epoch + 1}, sample {sample + 1}"
                        raise not_finite(f"the loss is not finite in {place}", learning_rate)
                    self.backward_propagation(loss_prime(y_true, output), learning_rate)
                print(f"epoch {epoch + 1}/{epochs} error={error / len(inputs):f}")
            self.settle(inputs[:: -(-len(inputs) // self.SETTLED_ON)])
            if not np.isfinite(self.predict(inputs[-1:])).all():
                raise not_finite("the outputs are not finite after the last step", learning_rate)

    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Through all layers, first to last; what `training` means says `Layer.forward_propagation`."""
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
        """`backward_propagation` only as far as learning needs it: to the first layer that has parameters."""
        first = next((i for i, layer in enumerate(self.layers) if layer.parameters), 0)
        error = output_error
        for layer in reversed(self.layers[first + 1 :]):
            error = layer.backward_propagation(error)
        self.layers[first].compute_gradients(error)

    def parameters(self) -> dict[str, Array]:
        """The learned arrays of all layers, as "0.weights", "0.bias", …; not copies."""
        return {f"{i}.{name}": array for i, layer in enumerate(self.layers) for name, array in layer.parameters.items()}

    def parameter_count(self) -> int:
        """How many numbers the layers have learned."""
        return sum(array.size for array in self.parameters().values())

    def is_finite(self) -> bool:
        """Whether nothing that prediction needs is infinite or not a number."""
        return all(np.isfinite(array).all() for array in self.arrays().values())

    def gradients(self) -> dict[str, Array]:
        """∂E/∂ of each parameter as the last backward propagation left them, keyed like `parameters`."""
        return {f"{i}.{name}": array for i, layer in enumerate(self.layers) for name, array in layer.gradients.items()}

    def arrays(self) -> dict[str, Array]:
        """All that prediction needs: what the layers learned and what they measured, keyed likewise; not copies."""
        layers = enumerate(self.layers)
        measured = {f"{i}.{name}": array for i, layer in layers for name, array in layer.statistics.items()}
        return {**self.parameters(), **measured}

    def settle(self, input: Array) -> None:
        """Let the layers measure what they need to predict, on a representative sample, after learning."""
        if not any(layer.statistic_names for layer in self.layers):
            return
        output = input
        for layer in self.layers:
            layer.settle(output)
            output = layer.forward_propagation(output, training=False)

    def replica(self) -> Self:
        """A network with the same parameters; what it remembers and measures, and its gradients, are its own."""
        twin = copy.copy(self)
        twin.layers = [layer.replica() for layer in self.layers]
        return twin

    def draw_from(self, rng: np.random.Generator) -> None:
        """Let the layers that draw at random while training draw from `rng`."""
        for layer in self.layers:
            layer.rng = rng

    def _samples(self, input: ArrayLike) -> Array:
        """Inputs in the network's dtype.

        Raises:
            ValueError: they do not have the network's input shape.
        """
        samples = np.asarray(input, self.dtype)
        if not self.layers:
            raise ValueError("the network has no layers: add some first")
        if self.input_shape is not None and as_row(samples.shape[1:]) != as_row(self.input_shape):
            raise ValueError(f"the network expects {batch_of(self.input_shape)}, got an array of shape {samples.shape}")
        return samples
