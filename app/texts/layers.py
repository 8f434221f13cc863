"""The name, the formula and a one-sentence description of each step of a network, in the article's terms."""

from dataclasses import dataclass
from functools import singledispatch

from model import (
    ActivationLayer,
    BatchNormalizationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    Layer,
    MaxPoolingLayer,
)


@dataclass(frozen=True)
class LayerText:
    """A step's name, its formula in TeX, and its description in one sentence."""

    name: str
    formula: str
    sentence: str


IMAGE = LayerText("Image", r"X = \text{pixel} / 255", "The network's input: 0 is paper, 1 is ink.")
PROBABILITIES = LayerText(
    "Probabilities",
    r"p_i = e^{Y_i / T} \Big/ \sum_j e^{Y_j / T}",
    "The ten outputs become ten probabilities that sum to 1. The temperature T, fitted on validation images, makes "
    "them reliable.",
)
ACTIVATIONS = {"tanh": ("tanh", r"Y = \tanh(X)"), "relu": ("ReLU", r"Y = \max(0, X)")}


@singledispatch
def layer_text(layer: Layer) -> LayerText:
    """The description of a layer.

    Raises:
        NotImplementedError: there is no description for this kind of layer.
    """
    raise NotImplementedError(f"{type(layer).__name__} has no text: register one in app/texts/layers.py")


@layer_text.register
def _(layer: ConvLayer) -> LayerText:
    return LayerText(
        "Convolution",
        r"Y_{i,j,k} = \sum_{r,q,d} X_{i+r,\,j+q,\,d} \cdot W_{r,q,d,k} + B_k",
        "The same kernel slides over the whole input: each number under it times its weight, summed up, plus the bias.",
    )


@layer_text.register
def _(layer: MaxPoolingLayer) -> LayerText:
    p, q = layer.pool_shape
    return LayerText(
        "Max pooling",
        rf"Y_{{i,j,k}} = \max_{{r < {p},\; s < {q}}} X_{{{p}i+r,\,{q}j+s,\,k}}",
        "Only the largest number of each small window is kept: it matters what was found, not exactly where.",
    )


@layer_text.register
def _(layer: ActivationLayer) -> LayerText:
    function = layer.activation.__name__
    name, formula = ACTIVATIONS.get(function, (function, "Y = f(X)"))
    return LayerText(
        name, formula, "A nonlinear function of each number. Without it, all layers together would be one linear layer."
    )


@layer_text.register
def _(layer: FlattenLayer) -> LayerText:
    return LayerText("Flatten", r"Y = X \text{ in one row}", "The same numbers in one row, as input for the neurons.")


@layer_text.register
def _(layer: FCLayer) -> LayerText:
    return LayerText(
        "Fully connected",
        r"Y = X W + B",
        "Every neuron sees every input: each input times its weight, summed up, plus the bias.",
    )


@layer_text.register
def _(layer: BatchNormalizationLayer) -> LayerText:
    return LayerText(
        "Batch normalization",
        r"Y = \text{scale} \cdot \frac{X - \text{mean}}{\text{deviation}} + \text{shift}",
        "Each map is rescaled to a learned mean and deviation, however large its numbers have become in training.",
    )


@layer_text.register
def _(layer: DropoutLayer) -> LayerText:
    return LayerText(
        "Dropout",
        r"Y = X",
        f"During training, {100 * layer.rate:.0f} % of the numbers, chosen at random, are set to 0. In prediction, as "
        "here, all are kept.",
    )
