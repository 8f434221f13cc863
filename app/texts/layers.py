"""What each step of a network is called, its formula and one sentence on it, in the article's words."""

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
    """The name of a step, its formula in TeX, and a sentence."""

    name: str
    formula: str
    sentence: str


PICTURE = LayerText("Picture", r"X = \text{pixel} / 255", "What the network takes in: 0 for paper, 1 for ink.")
PROBABILITIES = LayerText(
    "Probabilities",
    r"p_i = e^{Y_i / T} \Big/ \sum_j e^{Y_j / T}",
    "The ten outputs become ten probabilities that sum to 1. The temperature T, fitted on pictures held back from "
    "training, makes them believable.",
)
ACTIVATIONS = {"tanh": ("tanh", r"Y = \tanh(X)"), "relu": ("ReLU", r"Y = \max(0, X)")}


@singledispatch
def layer_text(layer: Layer) -> LayerText:
    """What the page says of a layer.

    Raises:
        NotImplementedError: nobody has said anything of such a layer yet.
    """
    raise NotImplementedError(f"{type(layer).__name__} has no text: register one in app/texts/layers.py")


@layer_text.register
def _(layer: ConvLayer) -> LayerText:
    return LayerText(
        "Convolution",
        r"Y_{i,j,k} = \sum_{r,q,d} X_{i+r,\,j+q,\,d} \cdot W_{r,q,d,k} + B_k",
        "The same kernel looks at every place of the picture: each number under it times its weight, summed up, plus "
        "the bias.",
    )


@layer_text.register
def _(layer: MaxPoolingLayer) -> LayerText:
    p, q = layer.pool_shape
    return LayerText(
        "Max pooling",
        rf"Y_{{i,j,k}} = \max_{{r < {p},\; s < {q}}} X_{{{p}i+r,\,{q}j+s,\,k}}",
        "Of each little field only the largest number goes on: what was found counts, not exactly where.",
    )


@layer_text.register
def _(layer: ActivationLayer) -> LayerText:
    function = layer.activation.__name__
    name, formula = ACTIVATIONS.get(function, (function, "Y = f(X)"))
    return LayerText(
        name, formula, "Each number by itself, bent: without it all layers together would be a single one."
    )


@layer_text.register
def _(layer: FlattenLayer) -> LayerText:
    return LayerText("Flatten", r"Y = X \text{ in one row}", "The same numbers side by side, for the neurons to come.")


@layer_text.register
def _(layer: FCLayer) -> LayerText:
    return LayerText(
        "Fully connected",
        r"Y = X W + B",
        "Every input feeds every neuron: each input times its weight, summed up, plus the bias.",
    )


@layer_text.register
def _(layer: BatchNormalizationLayer) -> LayerText:
    return LayerText(
        "Batch normalization",
        r"Y = \text{scale} \cdot \frac{X - \text{mean}}{\text{deviation}} + \text{shift}",
        "Each map is brought to a size of its own choosing, however large its numbers have become in training.",
    )


@layer_text.register
def _(layer: DropoutLayer) -> LayerText:
    return LayerText(
        "Dropout",
        r"Y = X",
        f"While learning, {100 * layer.rate:.0f} % of the numbers, drawn at random, are set to 0. In prediction, as "
        "here, all pass.",
    )
