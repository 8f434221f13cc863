"""What every layer promises, tested over one table of all of them."""

import copy
from typing import Any

import numpy as np
import pytest

from model import ActivationLayer, Layer
from model.layer import Array
from tests.gradient_check import TOLERANCE, numeric_gradient, relative_error
from tests.layer_table import LAYERS, made, smooth_input

pytestmark = pytest.mark.parametrize("name", LAYERS)


def example(name: str, dtype: type = np.float64) -> tuple[Layer, Array]:
    rng = np.random.default_rng(0)
    layer = made(name, rng, dtype)
    assert layer.input_shape is not None
    return layer, smooth_input((3, *layer.input_shape), rng).astype(dtype)


def state(layer: Layer) -> dict[str, object]:
    """All that a layer holds, arrays copied."""
    return copy.deepcopy(vars(layer))


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.random.Generator):
        return isinstance(b, np.random.Generator) and a.bit_generator.state == b.bit_generator.state
    return a == b


def test_output_shape(name: str) -> None:
    layer, x = example(name)
    assert layer.output_shape == LAYERS[name][2]
    for training in (False, True):
        assert layer.forward_propagation(x, training).shape == (3, *LAYERS[name][2])


def test_input_error_and_gradients_have_the_shapes_of_what_they_are_for(name: str) -> None:
    layer, x = example(name)
    input_error = layer.backward_propagation(layer.forward_propagation(x, training=True))
    assert input_error.shape == x.shape
    shapes = {key: array.shape for key, array in layer.parameters.items()}
    assert {key: array.shape for key, array in layer.gradients.items()} == shapes


def test_float32_stays_float32(name: str) -> None:
    layer, x = example(name, np.float32)
    output = layer.forward_propagation(x, training=True)
    input_error = layer.backward_propagation(output)
    arrays = [output, input_error, *layer.parameters.values(), *layer.gradients.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_a_batch_gives_what_its_samples_give(name: str) -> None:
    layer, x = example(name)
    singles = np.concatenate([layer.forward_propagation(sample[None]) for sample in x])
    np.testing.assert_allclose(layer.forward_propagation(x), singles, rtol=1e-12)


def test_gradients_of_a_batch_are_the_sum_over_its_samples(name: str) -> None:
    if name == "dropout" or name.startswith("batch normalization"):
        return  # one draws a mask a call, the other looks at the batch: there is nothing to compare
    layer, x = example(name)
    weighting = np.random.default_rng(1).normal(size=(3, *LAYERS[name][2]))
    layer.forward_propagation(x, training=True)
    input_error = layer.backward_propagation(weighting)
    gradients = {key: array.copy() for key, array in layer.gradients.items()}
    sums = {key: np.zeros_like(array) for key, array in gradients.items()}
    for sample, weights, error in zip(x, weighting, input_error, strict=True):
        layer.forward_propagation(sample[None], training=True)
        np.testing.assert_allclose(layer.backward_propagation(weights[None])[0], error, rtol=1e-10, atol=1e-14)
        for key, gradient in layer.gradients.items():
            sums[key] += gradient
    for key, gradient in gradients.items():
        np.testing.assert_allclose(gradient, sums[key], rtol=1e-10, atol=1e-13)


def test_prediction_writes_nothing(name: str) -> None:
    layer, x = example(name)
    layer.backward_propagation(layer.forward_propagation(x, training=True))
    before, input_before = state(layer), x.copy()
    layer.forward_propagation(-x, training=False)
    after = vars(layer)
    assert before.keys() == after.keys()
    assert [key for key in before if not same(before[key], after[key])] == []
    assert np.array_equal(x, input_before)


def test_a_layer_that_is_not_told_remembers_as_the_articles_do(name: str) -> None:
    """It computes what prediction does, and its backward pass is the derivative of that."""
    layer, x = example(name)
    rng = np.random.default_rng(1)
    for array in (*layer.parameters.values(), *layer.statistics.values()):
        array[...] = rng.uniform(0.5, 1.5, array.shape)
    output = layer.forward_propagation(x)
    assert np.array_equal(output, layer.forward_propagation(x, training=False))
    weighting = rng.normal(size=output.shape)
    computed = {"input": layer.backward_propagation(weighting), **layer.gradients}

    def error() -> float:
        return float((weighting * layer.forward_propagation(x, training=False)).sum())

    for key, array in {"input": x, **layer.parameters}.items():
        assert relative_error(computed[key], numeric_gradient(error, array)) < TOLERANCE, key
    before = {key: array.copy() for key, array in layer.parameters.items()}
    layer.backward_propagation(weighting, 0.1)
    for key, array in layer.parameters.items():
        np.testing.assert_allclose(array, before[key] - 0.1 * layer.gradients[key], err_msg=key)


def test_backward_before_forward_says_what_to_do(name: str) -> None:
    layer, _ = example(name)
    for one in (layer, layer.replica()):
        with pytest.raises(RuntimeError, match=r"call forward_propagation\(input, training=True\) first"):
            one.backward_propagation(np.ones((3, *LAYERS[name][2])))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_whole_numbers_are_numbers_like_any_other(name: str, dtype: type) -> None:
    layer, x = example(name, np.float32)
    whole: Array = np.random.default_rng(0).integers(0, 200, x.shape).astype(dtype)
    errors: Array = np.random.default_rng(1).integers(0, 200, (3, *LAYERS[name][2])).astype(dtype)

    def results(training: bool | None, input: Array, output_error: Array) -> dict[str, Array]:
        layer.rng = np.random.default_rng(0)
        output = layer.forward_propagation(input, training)
        return {"output": output, "input": layer.backward_propagation(output_error), **layer.gradients}

    for training in (True, None):
        expected = results(training, whole.astype(np.float32), errors.astype(np.float32))
        for key, array in results(training, whole, errors).items():
            scale = np.abs(expected[key]).max()
            np.testing.assert_allclose(array, expected[key], rtol=1e-5, atol=1e-5 * scale, err_msg=key)
            assert not layer.parameters or array.dtype == np.float32


def test_backward_computes_and_only_a_learning_rate_learns(name: str) -> None:
    layer, x = example(name)
    before = {key: array.copy() for key, array in layer.parameters.items()}
    output = layer.forward_propagation(x, training=True)
    layer.backward_propagation(output)
    assert all(np.array_equal(before[key], array) for key, array in layer.parameters.items())
    expected = {key: before[key] - 0.1 * layer.gradients[key] for key in before}
    layer.backward_propagation(output, 0.1)
    assert all(np.array_equal(expected[key], array) for key, array in layer.parameters.items())


def test_compute_gradients_is_backward_propagation_without_the_input_error(name: str) -> None:
    layer, x = example(name)
    output = layer.forward_propagation(x, training=True)
    layer.backward_propagation(output)
    expected = {key: array.copy() for key, array in layer.gradients.items()}
    layer.gradients.clear()
    layer.compute_gradients(output)
    assert layer.gradients.keys() == expected.keys()
    assert all(np.array_equal(expected[key], array) for key, array in layer.gradients.items())


def test_a_replica_shares_parameters_and_gives_the_same(name: str) -> None:
    layer, x = example(name)
    replica = layer.replica()
    assert all(replica.parameters[key] is array for key, array in layer.parameters.items())
    assert all(np.array_equal(replica.statistics[key], array) for key, array in layer.statistics.items())
    output = layer.forward_propagation(x, training=True)
    layer.backward_propagation(output)
    with pytest.raises(RuntimeError, match="call forward_propagation"):
        layer.replica().backward_propagation(output)  # it remembers nothing of another's
    for step, batch in enumerate((x, -x, x[:2], x)):  # from the second step on its memory is used again
        for one in (layer, replica):
            one.rng = np.random.default_rng(step)
        output = layer.forward_propagation(batch, training=True)
        assert np.array_equal(output, replica.forward_propagation(batch, training=True))
        assert np.array_equal(layer.backward_propagation(output), replica.backward_propagation(output))
        assert all(np.array_equal(layer.gradients[key], replica.gradients[key]) for key in layer.gradients)


def test_the_order_of_numbers_in_memory_does_not_matter(name: str) -> None:
    layer, x = example(name)
    error = np.random.default_rng(1).normal(size=(3, *LAYERS[name][2]))

    def results(input: Array, output_error: Array) -> list[Array]:
        layer.rng = np.random.default_rng(0)
        output = layer.forward_propagation(input, training=True)
        return [output, layer.backward_propagation(output_error), *layer.gradients.values()]

    def every_other(array: Array) -> Array:
        return np.repeat(array, 2, axis=-1)[..., ::2]

    for order in (np.asfortranarray, every_other):
        for found, expected in zip(results(order(x), order(error)), results(x, error), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)


def test_settings_rebuild_the_layer(name: str) -> None:
    layer, x = example(name)
    settings = layer.settings()
    if isinstance(layer, ActivationLayer):
        assert settings == {"activation": layer.activation.__name__}
        return
    twin = type(layer)(**settings)
    twin.build(x.shape[1:])
    assert twin.output_shape == layer.output_shape
    assert twin.settings() == settings
