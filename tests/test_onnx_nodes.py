"""Our layers against the node tests of the ONNX standard, wherever a test asks for what a layer does.

ONNX keeps depth before height and width. Left out are strides, padding, dilations and axes that our layers do not have.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from model import BatchNormalizationLayer, ConvLayer, FCLayer, FlattenLayer, Layer, MaxPoolingLayer, relu, tanh
from model.layer import Array
from model.losses import softmax

onnx_node = pytest.importorskip("onnx.backend.test.case.node")


def with_depth_last(run: Callable[..., Array]) -> Callable[..., Array]:
    """The same for pictures `(n, d, h, w)`."""
    return lambda x, *arrays, **settings: np.moveaxis(run(np.moveaxis(x, 1, -1), *arrays, **settings), -1, 1)


def predicted(layer: Layer, x: Array) -> Array:
    network_input = np.ascontiguousarray(x)
    return layer.forward_propagation(network_input)


@with_depth_last
def conv(x: Array, kernels: Array, kernel_shape: list[int], pads: list[int]) -> Array:
    assert not any(pads)
    layer = ConvLayer(kernel_shape=(kernel_shape[0], kernel_shape[1]), layer_depth=len(kernels))
    layer.build(x.shape[1:], dtype=x.dtype)
    layer.weights[...] = kernels.transpose(2, 3, 1, 0)
    return predicted(layer, x)


@with_depth_last
def max_pooling(x: Array, kernel_shape: list[int], strides: list[int]) -> Array:
    assert kernel_shape == strides
    return predicted(MaxPoolingLayer(x.shape[1:], (kernel_shape[0], kernel_shape[1])), x)


@with_depth_last
def batch_normalization(
    x: Array, scale: Array, shift: Array, mean: Array, variance: Array, epsilon: float = 1e-5
) -> Array:
    layer = BatchNormalizationLayer()
    layer.build(x.shape[1:], dtype=x.dtype)
    layer.EPSILON = epsilon
    for name, array in {"scale": scale, "shift": shift, "mean": mean, "variance": variance}.items():
        getattr(layer, name)[...] = array
    return predicted(layer, x)


def gemm(x: Array, weights: Array, bias: Array | float = 0.0) -> Array:
    layer = FCLayer(output_shape=weights.shape[1:])
    layer.build(x.shape[1:], dtype=x.dtype)
    layer.weights[...], layer.bias[...] = weights, bias
    return predicted(layer, x)


def flatten(x: Array, axis: int = 1) -> Array:
    assert axis % x.ndim == 1
    return predicted(FlattenLayer(x.shape[1:]), x)


def softmax_of_rows(x: Array, axis: int = -1) -> Array:
    assert axis % x.ndim == x.ndim - 1
    return softmax(x)


EXPRESSED: dict[str, Callable[..., Array]] = {
    "test_basic_conv_without_padding": conv,
    "test_maxpool_2d_precomputed_strides": max_pooling,
    "test_batchnorm_example": batch_normalization,
    "test_batchnorm_epsilon": batch_normalization,
    "test_gemm_default_no_bias": gemm,
    "test_gemm_default_zero_bias": gemm,
    "test_gemm_default_scalar_bias": gemm,
    "test_gemm_default_single_elem_vector_bias": gemm,
    "test_gemm_default_vector_bias": gemm,
    "test_flatten_axis1": flatten,
    "test_flatten_default_axis": flatten,
    "test_flatten_negative_axis3": flatten,
    "test_softmax_example": softmax_of_rows,
    "test_softmax_large_number": softmax_of_rows,
    "test_softmax_axis_2": softmax_of_rows,
    "test_softmax_negative_axis": softmax_of_rows,
    "test_softmax_default_axis": softmax_of_rows,
    "test_tanh": tanh,
    "test_tanh_example": tanh,
    "test_relu": relu,
}


@pytest.fixture(scope="module")
def node_tests() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ONNX makes its cases with numpy as it is loaded, some at the edge of a type
        return {case.name: case for case in onnx_node.collect_testcases(None)}


@pytest.mark.parametrize("name", EXPRESSED)
def test_a_layer_gives_what_the_standard_asks_for(name: str, node_tests: dict[str, Any]) -> None:
    from onnx.helper import get_attribute_value

    case = node_tests[name]
    (node,) = case.model.graph.node
    settings = {attribute.name: get_attribute_value(attribute) for attribute in node.attribute}
    for inputs, outputs in case.data_sets:
        expected = outputs[0]
        got = EXPRESSED[name](*inputs, **settings)
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
