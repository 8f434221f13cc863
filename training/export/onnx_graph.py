"""A classifier as an ONNX model: images in, calibrated probabilities out, for every runtime that reads ONNX.

The graph computes the same as `DigitClassifier.predict_proba`, in float32: it scales pixels, and divides the outputs
by the temperature before the softmax. ONNX has depth before height and width, `(n, d, h, w)`; our layers have it last.
So kernels, and the rows of a fully connected layer after a `FlattenLayer`, are reordered.

Needs the extra `onnx`.
"""

import json
from functools import singledispatch
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from model.activation_layer import ActivationLayer
from model.batch_normalization_layer import BatchNormalizationLayer
from model.classifier import DigitClassifier
from model.conv_layer import ConvLayer
from model.fc_layer import FCLayer
from model.flatten_layer import FlattenLayer
from model.folding import folded
from model.layer import Array, Layer
from model.max_pooling_layer import MaxPoolingLayer

OPSET = 17  # from 2022
IR_VERSION = 8  # from 2022; ONNX Runtime 1.12 and later read it
ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu"}
INPUT, OUTPUT = "pictures", "probabilities"


def onnx_model(classifier: DigitClassifier, card: str | None = None) -> ModelProto:
    """The ONNX model, validated by ONNX's checker.

    Its input is `pictures`, uint8 `(batch, 28, 28)`, 0 = paper, 255 = ink, its output `probabilities`, float32
    `(batch, 10)`. Its metadata contain the `header` of the weights file, as JSON, and the model's `card`.

    Raises:
        ValueError: ONNX has no node for one of the layers.
    """
    graph = Graph(INPUT)
    graph.add("Cast", "float_pixels", to=TensorProto.FLOAT)
    graph.add("Mul", "scaled_pixels", scale=np.float32(1 / 255))
    graph.add("Unsqueeze", "with_depth", axes=np.array([1]))
    for i, layer in enumerate(folded(classifier.network).layers):
        graph.place = f"layer{i}"
        add_layer(layer, graph)
    graph.place = ""
    graph.put_in_order()
    graph.add("Div", "logits", temperature=np.float32(classifier.temperature))
    graph.add("Softmax", OUTPUT, axis=1)
    body = helper.make_graph(
        graph.nodes,
        "digits",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["batch", 28, 28])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", 10])],
        graph.initializers,
        doc_string=__doc__.splitlines()[0] if __doc__ else "",
    )
    model = helper.make_model(
        body,
        producer_name="digits-from-scratch",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(model, {"header": json.dumps(classifier.header), "card": card or ""})
    checker.check_model(model, full_check=True)
    return model


class Graph:
    """A chain of nodes: each takes the output of the previous one.

    Attributes:
        place: the prefix of the names of nodes and arrays.
        order: after a `FlattenLayer`, the index in our order of each number in ONNX's order; else None.
    """

    def __init__(self, input: str) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[TensorProto] = []
        self.output = input
        self.place = ""
        self.order: Array | None = None

    def add(self, operator: str, name: str, **inputs: Any) -> None:
        """Append a node; arrays in `inputs` become constant inputs, all other values attributes."""
        arrays = {key: value for key, value in inputs.items() if isinstance(value, np.ndarray | np.generic)}
        names = [self._name(f"{name}_{key}") for key in arrays]
        for array_name, array in zip(names, arrays.values(), strict=True):
            constant = array.astype(np.float32) if array.dtype.kind == "f" else array
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(constant), array_name))
        attributes = {key: value for key, value in inputs.items() if key not in arrays}
        output = self._name(name)
        self.nodes.append(helper.make_node(operator, [self.output, *names], [output], output, **attributes))
        self.output = output

    def rows(self, array: Array) -> Array:
        """An array with one row per input number, reordered to ONNX's order."""
        return array if self.order is None else array[self.order]

    def put_in_order(self) -> None:
        """If a flattened image is still in ONNX's order, reorder it to ours."""
        if self.order is not None:
            self.add("Gather", "in_order", indices=np.argsort(self.order), axis=1)
            self.order = None

    def _name(self, name: str) -> str:
        return f"{self.place}_{name}" if self.place else name


@singledispatch
def add_layer(layer: Layer, graph: Graph) -> None:
    """Append the node that computes the layer's prediction."""
    raise ValueError(f"ONNX has no node for {type(layer).__name__}")


@add_layer.register
def _(layer: ConvLayer, graph: Graph) -> None:
    kernels = layer.weights.transpose(3, 2, 0, 1)  # (m, n, d, k) → (k, d, m, n)
    graph.add("Conv", "conv", weights=kernels, bias=layer.bias, kernel_shape=layer.kernel_shape)


@add_layer.register
def _(layer: MaxPoolingLayer, graph: Graph) -> None:
    graph.add("MaxPool", "max_pool", kernel_shape=layer.pool_shape, strides=layer.pool_shape)


@add_layer.register
def _(layer: BatchNormalizationLayer, graph: Graph) -> None:
    arrays = {**layer.parameters, **layer.statistics}
    in_order = {name: graph.rows(arrays[name]) for name in ("scale", "shift", "mean", "variance")}
    graph.add("BatchNormalization", "batch_normalization", **in_order, epsilon=layer.EPSILON)


@add_layer.register
def _(layer: ActivationLayer, graph: Graph) -> None:
    name = layer.settings()["activation"]
    if name not in ACTIVATIONS:
        raise ValueError(f"the activation {name} has no ONNX node: choose {', '.join(ACTIVATIONS)}")
    graph.add(ACTIVATIONS[name], name)


@add_layer.register
def _(layer: FlattenLayer, graph: Graph) -> None:
    shape = layer.input_shape
    assert shape is not None
    graph.add("Flatten", "flatten", axis=1)
    if len(shape) == 3 and shape[2] > 1 and shape[:2] != (1, 1):
        graph.order = np.arange(np.prod(shape)).reshape(shape).transpose(2, 0, 1).reshape(-1)


@add_layer.register
def _(layer: FCLayer, graph: Graph) -> None:
    graph.add("Gemm", "fc", weights=graph.rows(layer.weights), bias=layer.bias.reshape(-1))
    graph.order = None
