"""The network as a scikit-learn classifier, for pipelines, grid searches and cross-validation."""

import copy
from collections.abc import Callable, Sequence
from math import ceil, prod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from model.activation_layer import ActivationLayer
from model.architectures import ARCHITECTURES
from model.fc_layer import FCLayer
from model.layer import Array, Layer
from model.losses import softmax, softmax_cross_entropy, softmax_cross_entropy_prime
from model.network import Network
from model.shapes import Shape, batch_of

from .examples.augmentation import Distortion, augment
from .optimizers import Adam
from .parallel.network import ParallelNetwork
from .schedules import one_cycle

PICTURE = (28, 28)
HIDDEN = 100  # neurons
DTYPES = (np.float64, np.float32, np.uint8)  # other dtypes are converted to the first


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """A network trained with softmax and cross-entropy, by Adam on shuffled batches, with a one-cycle schedule.

    X is flat, `(n, features)`, or images, `(n, height, width)` or `(n, height, width, depth)`. uint8 values are pixels,
    and are scaled to 0..1. Other values are not scaled; float32 is learned in float32, the rest in float64. If features
    differ much in size, scale them first, for example with a `StandardScaler`. y may contain labels of any kind.

    Args:
        architecture: a name in `model.architectures`, for 28×28 images and ten classes; or a list of layers, the last
            with one output per class; or None for one hidden layer of 100 neurons. If the first layer of a list
            has an `input_shape`, flat X is reshaped to it.
        learning_rate: the highest rate of `fit`; `partial_fit` always uses a tenth of it.
        batch_size: samples per step.
        epochs: number of epochs of `fit`.
        augmentation: the limits of random distortions of 28×28 uint8 images, or None.
        random_state: an int gives the same network every time.
        n_threads: processes that share each step. 1 starts no other process, which suits scripts and grid searches.
        verbose: whether to print the loss of each epoch.

    Attributes:
        classes_: the sorted labels: output i belongs to `classes_[i]`.
        n_features_in_: the number of features of a sample.
        loss_curve_: the mean loss of each epoch.
        network_: the trained `Network`.
    """

    def __init__(
        self,
        architecture: str | Sequence[Layer] | None = None,
        *,
        learning_rate: float = 0.01,
        batch_size: int = 32,
        epochs: int = 30,
        augmentation: Distortion | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_threads: int = 1,
        verbose: bool = False,
    ) -> None:
        self.architecture = architecture
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.augmentation = augmentation
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train a new network.

        Raises:
            ValueError: a setting, X or y is invalid, or the loss is not finite.
        """
        samples, labels, shape = self._checked(X, y, first=True)
        self.classes_ = np.unique(labels)
        self._begin(samples.dtype, shape)
        return self._learn(samples, labels, self.epochs, lambda done: one_cycle(done, self.learning_rate))

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
        """Train the network further, one epoch over these samples.

        Args:
            classes: all labels of all calls; required in the first call.

        Raises:
            ValueError: as in `fit`; or a label is not one of the classes.
        """
        first = not hasattr(self, "network_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        known = self.classes_ if classes is None else unique_labels(classes)
        if not first and not np.array_equal(known, self.classes_):
            raise ValueError(f"the classes {known} differ from those of the first call, {self.classes_}")
        samples, labels, shape = self._checked(X, y, first)
        if unknown := set(np.unique(labels).tolist()) - set(known.tolist()):
            raise ValueError(f"y has labels that are not in classes: {unknown}")
        if first:
            self.classes_ = known
            self._begin(samples.dtype, shape)
        self._check_scale(samples)
        return self._learn(samples, labels, 1, lambda done: self.learning_rate / 10)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likeliest label of each sample, `(n,)`."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """The probability of each of `classes_`, `(n, classes)`; rows sum to 1."""
        check_is_fitted(self)
        samples = validate_data(self, flat(X)[0], dtype=DTYPES, reset=False)
        self._check_scale(samples)
        return softmax(self.network_.predict(self._as_input(samples)))

    def _checked(self, X: ArrayLike, y: ArrayLike, first: bool) -> tuple[Array, Array, Shape]:
        """Flat samples, labels, and the shape of a sample."""
        for name in ("batch_size", "epochs", "n_threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be 1 or more")
        features, shape = flat(X)
        samples, labels = validate_data(self, features, y, dtype=DTYPES, reset=first)
        check_classification_targets(labels)
        if self.augmentation is not None and (samples.dtype != np.uint8 or samples.shape[1] != prod(PICTURE)):
            raise ValueError("augmentation distorts pictures: X must be uint8 (n, 28, 28) or (n, 784)")
        return samples, labels, shape

    def _begin(self, dtype: np.dtype[Any], shape: Shape) -> None:
        """Create the network with its initial weights."""
        self._rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        layers, shape = layers_for(self.architecture, shape, len(self.classes_))
        network = Network(shape, self._rng, np.float64 if dtype == np.float64 else np.float32)
        for layer in layers:
            network.add(layer)
        if network.output_shape != (len(self.classes_),):
            raise ValueError(
                f"the last layer gives {batch_of(network.output_shape or ())}, but y has {len(self.classes_)} classes: "
                f"end the architecture with FCLayer(output_shape=({len(self.classes_)},))"
            )
        network.use(softmax_cross_entropy, softmax_cross_entropy_prime)
        self.network_, self.loss_curve_ = network, list[float]()
        self._of_bytes = dtype == np.uint8
        self._optimizer = Adam()

    def _learn(self, samples: Array, labels: Array, epochs: int, rate: Callable[[float], float]) -> Self:
        """Train for some epochs; `rate` gives the learning rate for the share of all steps done."""
        network, size, rng = self.network_, self.batch_size, self._rng
        targets = np.eye(len(self.classes_), dtype=network.dtype)
        classes = np.searchsorted(self.classes_, labels)
        steps, step = ceil(len(samples) / size) * epochs, 0
        with ParallelNetwork(network, self.n_threads) as parallel:
            parameters = network.parameters()
            for epoch in range(epochs):
                order, loss = rng.permutation(len(samples)), 0.0
                shuffled = samples[order]
                if self.augmentation is not None:
                    shuffled = augment(shuffled.reshape(-1, *PICTURE), size, self.augmentation, rng)
                for start in range(0, len(order), size):
                    batch = slice(start, start + size)
                    input, y_true = self._as_input(shuffled[batch]), targets[classes[order[batch]]]
                    batch_loss, _ = parallel.learn(input, y_true, [int(rng.integers(2**63))])
                    self._optimizer.step(parameters, parallel.gradients, rate(step / steps))
                    loss += batch_loss * len(input)
                    step += 1
                if not np.isfinite(loss):
                    raise ValueError(f"the loss is not finite in epoch {epoch + 1}: scale X, or lower learning_rate")
                self.loss_curve_.append(loss / len(order))
                if self.verbose:
                    print(f"epoch {epoch + 1}/{epochs} loss={self.loss_curve_[-1]:.4f}")
        network.settle(self._as_input(samples[order[: Network.SETTLED_ON]]))
        return self

    def _check_scale(self, samples: Array) -> None:
        """Raises ValueError if either these samples or the first ones, but not both, are uint8 and will be scaled."""
        if (samples.dtype == np.uint8) != self._of_bytes:
            seen = "uint8, which is scaled to 0..1" if self._of_bytes else "not uint8, and was not scaled"
            raise ValueError(f"X is {samples.dtype}, but what was learned first was {seen}: give it the same dtype")

    def _as_input(self, samples: Array) -> Array:
        """Samples in the network's input shape and dtype; uint8 values are scaled to 0..1."""
        network = self.network_
        assert network.input_shape is not None
        input = samples.reshape(-1, *network.input_shape).astype(network.dtype)
        return input / network.dtype.type(255) if samples.dtype == np.uint8 else input

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def flat(X: Any) -> tuple[Any, Shape]:
    """X as `(n, features)`, and the original shape of a sample; images without depth get depth 1."""
    if getattr(X, "ndim", None) == 2:  # arrays, data frames, sparse matrices: scikit-learn validates them
        return X, X.shape[1:]
    array = np.asarray(X)
    shape = array.shape[1:]
    if len(shape) < 2:
        return X, shape
    return array.reshape(len(array), prod(shape)), (*shape, 1) if len(shape) == 2 else shape


def layers_for(architecture: str | Sequence[Layer] | None, shape: Shape, classes: int) -> tuple[list[Layer], Shape]:
    """New layers, and the input shape of the first, for samples of a given shape.

    Raises:
        ValueError: there is no architecture of that name, or it does not fit the samples.
    """
    if architecture is None:
        return [FCLayer(output_shape=(HIDDEN,)), ActivationLayer(), FCLayer(output_shape=(classes,))], (prod(shape),)
    if not isinstance(architecture, str):
        layers = copy.deepcopy(list(architecture))
        first = layers[0].input_shape if layers else None
        if first is not None and prod(first) != prod(shape):
            raise ValueError(f"the first layer expects {batch_of(first)}, X has {prod(shape)} features")
        return layers, first or shape
    if architecture not in ARCHITECTURES:
        raise ValueError(f"there is no architecture named {architecture!r}: choose {', '.join(ARCHITECTURES)}")
    if prod(shape) != prod(PICTURE) or classes != 10:
        raise ValueError(
            f"the architecture {architecture!r} needs 28×28 images and ten classes, got {prod(shape)} features and "
            f"{classes} classes: give a list of layers"
        )
    return ARCHITECTURES[architecture](), (*PICTURE, 1)
