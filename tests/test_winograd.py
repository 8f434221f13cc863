"""Winograd's convolution against the plain one: all four results, for every shape that its tiles meet differently."""

import numpy as np
import pytest
from scipy.signal import correlate2d

from model.winograd import POINTS, Winograd, matrices, pays

# Heights and widths of one tile and of several, whole and hanging over; one channel, one sample, and more than a block.
SHAPES = [
    (1, 3, 3, 1, 1),
    (2, 6, 6, 3, 2),
    (1, 8, 8, 2, 3),
    (3, 7, 11, 5, 1),
    (2, 26, 26, 3, 4),
    (4, 10, 9, 1, 6),
    (1, 4, 17, 2, 2),
    (40, 12, 12, 32, 24),
]


def plainly(input: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Y, one picture and pair of channels at a time, as the article computes it."""
    samples, height, width, depth = input.shape
    output = np.zeros((samples, height - 2, width - 2, len(bias))) + bias
    for sample in range(samples):
        for d in range(depth):
            for k in range(len(bias)):
                output[sample, :, :, k] += correlate2d(input[sample, :, :, d], weights[:, :, d, k], "valid")
    return output


def plainly_backwards(input: np.ndarray, weights: np.ndarray, output_error: np.ndarray) -> tuple[np.ndarray, ...]:
    """∂E/∂W, ∂E/∂B and ∂E/∂X, one weight at a time: each is a sum over the places that the weight connects."""
    rows, columns = output_error.shape[1:3]
    weights_gradient, input_error = np.zeros(weights.shape), np.zeros(input.shape)
    for r in range(3):
        for q in range(3):
            seen = np.s_[:, r : r + rows, q : q + columns]
            weights_gradient[r, q] = np.einsum("nijd,nijk->dk", input[seen], output_error)
            input_error[seen] += output_error @ weights[r, q].T
    return weights_gradient, output_error.sum(axis=(0, 1, 2)), input_error


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_all_four_results_are_those_of_the_plain_convolution(
    shape: tuple[int, ...], dtype: type, tolerance: float
) -> None:
    samples, height, width, depth, kernels = shape
    rng = np.random.default_rng(0)
    shapes = (
        (samples, height, width, depth),
        (3, 3, depth, kernels),
        (kernels,),
        (samples, height - 2, width - 2, kernels),
    )
    arrays: list[np.ndarray] = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    input, weights, bias, output_error = arrays
    winograd = Winograd(weights, height, width)
    results = (winograd.convolve(input, bias), *winograd.backward(input, output_error))
    expected = (plainly(input, weights, bias), *plainly_backwards(input, weights, output_error))
    for result, right in zip(results, expected, strict=True):
        assert result.dtype == dtype
        assert result.shape == right.shape
        np.testing.assert_allclose(result, right, atol=tolerance * np.abs(right).max(), rtol=0)


@pytest.mark.parametrize("m", POINTS)
def test_on_a_line_the_matrices_are_a_filter_of_three_weights(m: int) -> None:
    a, g, b = matrices(m, np.float64)
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal(m + 2), rng.standard_normal(3)
    np.testing.assert_allclose(a.T @ ((g @ w) * (b @ x)), np.correlate(x, w, "valid"), atol=1e-12)


def test_tiles_are_of_the_size_that_needs_the_fewest_places() -> None:
    sizes = {output: Winograd(np.ones((3, 3, 1, 1)), output + 2, output + 2).m for output in (4, 8, 10, 24)}
    assert sizes == {4: 4, 8: 4, 10: 6, 24: 6}  # 1·36, 4·36, 4·64 against 9·36, 16·64 against 36·36


def test_input_and_error_are_left_as_they_are() -> None:
    rng = np.random.default_rng(2)
    input, output_error = rng.standard_normal((2, 9, 9, 4)), rng.standard_normal((2, 7, 7, 5))
    before = input.copy(), output_error.copy()
    winograd = Winograd(rng.standard_normal((3, 3, 4, 5)), 9, 9)
    winograd.convolve(input, np.zeros(5))
    winograd.backward(input, output_error)
    np.testing.assert_array_equal(input, before[0])
    np.testing.assert_array_equal(output_error, before[1])


@pytest.mark.parametrize(
    ("samples", "size", "depth", "kernels", "faster"),
    [  # each side of the border as it was measured, by more than a tenth, on two kinds of BLAS kernels
        (1, 8, 64, 64, True),
        (1, 24, 32, 32, True),
        (1, 10, 16, 32, False),
        (1, 14, 16, 32, False),
        (64, 10, 16, 32, True),
        (64, 24, 32, 32, True),
        (64, 26, 1, 32, False),
    ],
)
def test_it_is_chosen_where_it_was_measured_to_be_faster(
    samples: int, size: int, depth: int, kernels: int, faster: bool
) -> None:
    assert pays((samples, size + 2, size + 2, depth), (3, 3, depth, kernels)) is faster


@pytest.mark.parametrize("kernel", [(5, 5), (3, 5), (1, 3)])
def test_it_is_chosen_for_no_other_kernel(kernel: tuple[int, int]) -> None:
    assert not pays((64, 26, 26, 64), (*kernel, 64, 64))
