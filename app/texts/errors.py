"""The formulas of the backward pass and a one-sentence description of each, in the article's terms."""

from functools import singledispatch

from app.texts.layers import LayerText, layer_text
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

ERROR = r"\frac{\partial E}{\partial Y}"
TO_INPUT = r"\frac{\partial E}{\partial X}"
LOSS = LayerText(
    "Loss E",
    r"E = -\log p_t, \quad \frac{\partial E}{\partial Y_i} = (p_i - [i = t]) / T",
    "E is large if the right digit t got little probability. ∂E/∂Y says how E changes if an output grows: blue raises "
    "E, red lowers it. All other errors follow from these ten by the chain rule, layer by layer.",
)
STEP = LayerText(
    "The step",
    r"W \leftarrow W - \eta \cdot \frac{\partial E}{\partial W}",
    "Learning: each weight moves a little against its gradient. The learning rate η says how far. A copy learns here; "
    "the network in use does not change.",
)


@singledispatch
def error_text(layer: Layer) -> LayerText:
    """How errors go back through a layer.

    Raises:
        NotImplementedError: there is no description for this kind of layer.
    """
    raise NotImplementedError(f"{type(layer).__name__} has no text: register one in app/texts/errors.py")


def described(layer: Layer, formula: str, sentence: str) -> LayerText:
    return LayerText(layer_text(layer).name, formula, sentence)


@error_text.register
def _(layer: ConvLayer) -> LayerText:
    return described(
        layer,
        r"\frac{\partial E}{\partial X_{a,b,d}} = \sum_{r,q,k} \frac{\partial E}{\partial Y_{a-r,\,b-q,\,k}} "
        r"\cdot W_{r,q,d,k}, \quad \frac{\partial E}{\partial W_{r,q,d,k}} = \sum_{i,j} X_{i+r,\,j+q,\,d} "
        r"\cdot \frac{\partial E}{\partial Y_{i,j,k}}",
        "An input gets back the error of each output it fed, times the weight between them. A weight collects input "
        "times error from every place of the picture.",
    )


@error_text.register
def _(layer: FCLayer) -> LayerText:
    return described(
        layer,
        rf"{TO_INPUT} = {ERROR} W^T, \quad \frac{{\partial E}}{{\partial W}} = X^T {ERROR}",
        "An input gets back the error of every neuron, times the weight between them. A weight's gradient is its input "
        "times the error of its neuron.",
    )


@error_text.register
def _(layer: MaxPoolingLayer) -> LayerText:
    return described(
        layer,
        rf"{TO_INPUT} = {ERROR} \cdot [X \text{{ is the largest of its field}}]",
        "The error goes back to the number that was kept. The others had no part in the answer and get 0.",
    )


@error_text.register
def _(layer: ActivationLayer) -> LayerText:
    return described(
        layer,
        rf"{TO_INPUT} = f'(X) \cdot {ERROR}",
        "The error times the slope of the function at this number: of ReLU 1 above 0, and 0 below, where nothing can "
        "be learned.",
    )


@error_text.register
def _(layer: BatchNormalizationLayer) -> LayerText:
    return described(
        layer,
        rf"{TO_INPUT} = \frac{{\text{{scale}}}}{{\text{{deviation}}}} \cdot {ERROR}",
        "The error times the factor of the forward pass. Mean and deviation are fixed here, as in prediction; while "
        "training they depend on the whole batch, which adds two terms.",
    )


@error_text.register
def _(layer: FlattenLayer) -> LayerText:
    return described(layer, rf"{TO_INPUT} = {ERROR} \text{{ as maps}}", "The same errors, back in the shape of X.")


@error_text.register
def _(layer: DropoutLayer) -> LayerText:
    return described(
        layer,
        rf"{TO_INPUT} = {ERROR}",
        f"Nothing is dropped here, as in prediction. During training, {100 * layer.rate:.0f} % of the numbers are "
        "dropped, and get no error back.",
    )
