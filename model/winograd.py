"""Winograd's minimal filtering: a 3×3 convolution with a fifth of its multiplications, forwards and backwards.

Winograd, "Arithmetic Complexity of Computations", 1980; Lavin & Gray, "Fast Algorithms for Convolutional Neural
Networks", 2016. On a line, m outputs of a filter w of three weights need t = m + 2 inputs x. Evaluate both as
polynomials at t points and multiply there, once at each point; going back is again a matrix:

    y = Aᵀ (G w ⊙ B x)        with A `(t, m)`, G `(t, 3)`, B `(t, t)`

In two dimensions the output is cut into tiles of m×m, each of which sees t×t inputs, and the matrices are applied to
rows and columns alike:

    U = G W Gᵀ      V = B X Bᵀ      M = V U at each of the t·t places      Y = Aᵀ M A

At each place, "V U" is one product of matrices: tiles × input channels by input channels × output channels. That is
t²/m² multiplications an output and pair of channels instead of 9: 1.8 for m = 6, 2.25 for m = 4.

All of it is linear, so that the backward pass is the same maps transposed:

    ∂E/∂M = A ∂E/∂Y Aᵀ      ∂E/∂U = Vᵀ ∂E/∂M      ∂E/∂W = Gᵀ ∂E/∂U G
                            ∂E/∂V = ∂E/∂M Uᵀ      ∂E/∂X = Bᵀ ∂E/∂V B, added where tiles overlap

Arrays have the places first, `(t, t, tiles, channels)`: a map is two stacks of thin products, and a place is a matrix.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array

# The points, for each size of tiles; the last one, infinity, is not written. Rounding errors grow with the points'
# number and size: of 64 channels, float32 is exact to 1e-6 with m = 4 and 4e-6 with m = 6.
POINTS = {4: (0, 1, -1, 2, -1 / 2), 6: (0, 1, -1, 2, -2, 1 / 2, -1 / 2)}
ONE = 1  # the place of the point 1, where each output has the weight 1: a bias is added there, once a tile
AT_ONCE = 2**19  # bytes of V: what a few pictures need stays in the core's second cache
# From where on this way is the faster one. One picture gains from outputs of 8×8 and 64 → 64 channels on, or of 24×24
# and 16 → 32. Of 64 pictures, learning gains with any number of channels, prediction from about 16 on; with fewer it
# loses up to a third, which learning makes good from 8 on.
FEWEST_CHANNELS, FEWEST_MULTIPLICATIONS = 8, 2**18


@cache
def matrices(m: int, dtype: DTypeLike) -> tuple[Array, Array, Array]:
    """A `(t, m)`, G `(t, 3)` and B `(t, t)` of Cook and Toom: B x and G w are values at the points, up to scale.

    Row i of B holds the coefficients of ∏ (z − q) over all other points q, lowest power first, and G's scale is such
    that the products of both are what interpolation needs.
    """
    points = np.array(POINTS[m])
    t = m + 2
    a, g, b = np.zeros((t, m)), np.zeros((t, 3)), np.zeros((t, t))
    for i, point in enumerate(points):
        others = np.delete(points, i)
        a[i] = point ** np.arange(m)
        g[i] = point ** np.arange(3) / np.prod(point - others)
        b[i, :-1] = np.poly(others)[::-1]
    a[-1, -1] = g[-1, -1] = 1  # infinity: the highest powers
    b[-1] = np.poly(points)[::-1]
    return a.astype(dtype), g.astype(dtype), b.astype(dtype)


def pays(input_shape: tuple[int, ...], weights_shape: tuple[int, ...]) -> bool:
    """Whether this way is the faster one for X `(n, h, w, d)` and W `(m, n, d, k)`.

    Measured (`python -m training.benchmark --rows winograd`), and decided by the shapes alone, so that the same seed
    gives the same bits on every machine. The maps take their time whatever the number of products that they save: with
    few channels or little to multiply, the plain way's one product is over sooner.
    """
    samples, height, width, _ = input_shape
    *kernel, depth, kernels = weights_shape
    multiplications = samples * (height - 2) * (width - 2) * depth * kernels  # at each of the kernel's nine places
    return kernel == [3, 3] and min(depth, kernels) >= FEWEST_CHANNELS and multiplications >= FEWEST_MULTIPLICATIONS


class Winograd:
    """A 3×3 convolution with the same weights, stride 1, no padding, of pictures that all have one size.

    Args:
        weights: W `(3, 3, d, k)`, transformed here once: an object is good for as long as they do not change.
        height, width: of the input. Tiles have the m that needs the fewest places; the last ones may hang over.
    """

    def __init__(self, weights: Array, height: int, width: int) -> None:
        self.rows, self.columns, self.depths = height - 2, width - 2, weights.shape[2:]
        self.m = min(POINTS, key=lambda m: -(-self.rows // m) * -(-self.columns // m) * (m + 2) ** 2)
        self.down, self.across = -(-self.rows // self.m), -(-self.columns // self.m)
        self.a, self.g, self.b = matrices(self.m, weights.dtype)
        self.u = _map(self.g, weights)  # (t, t, d, k)

    def convolve(self, input: Array, bias: Array) -> Array:
        """Y `(n, h − 2, w − 2, k)` for X `(n, h, w, d)` and B `(k,)`."""
        output = np.empty((len(input), self.rows, self.columns, self.depths[1]), input.dtype)
        for few in self._blocks(len(input)):
            places = self._v(input[few]) @ self.u  # M (t, t, n·down·across, k)
            places[ONE, ONE] += bias
            self._put(_map(self.a.T, places), output[few])
        return output

    def backward(self, input: Array, output_error: Array) -> tuple[Array, Array, Array]:
        """∂E/∂W `(3, 3, d, k)`, ∂E/∂B `(k,)` and ∂E/∂X `(n, h, w, d)` for X and ∂E/∂Y `(n, h − 2, w − 2, k)`.

        V is computed again: to keep it would spare a tenth of the time, and take almost twice the input's memory.
        """
        u_transposed = np.ascontiguousarray(self.u.swapaxes(2, 3))
        u_gradient, bias_gradient = np.zeros_like(self.u), np.zeros(self.depths[1], output_error.dtype)
        input_error = np.empty_like(input)
        inner = range(self.m)
        for few in self._blocks(len(input)):
            pictures = self._whole(output_error[few], overlap=0)
            places_error = _map(self.a, self._tiles(pictures, inner, inner))  # ∂E/∂M (t, t, n·down·across, k)
            u_gradient += self._v(input[few]).swapaxes(2, 3) @ places_error
            bias_gradient += places_error[ONE, ONE].sum(axis=0)
            self._put(_map(self.b.T, places_error @ u_transposed), input_error[few])
        return _map(self.g.T, u_gradient), bias_gradient, input_error

    def _blocks(self, samples: int) -> Iterator[slice]:
        """A few pictures at a time."""
        size = self.down * self.across * (self.m + 2) ** 2 * max(self.depths) * self.u.itemsize
        at_once = max(1, AT_ONCE // size)
        return (slice(start, start + at_once) for start in range(0, samples, at_once))

    def _v(self, input: Array) -> Array:
        """V = B X Bᵀ of every tile `(t, t, n·down·across, d)`."""
        tile = range(self.m + 2)
        return _map(self.b, self._tiles(self._whole(input, overlap=2), tile, tile))

    def _whole(self, pictures: Array, overlap: int) -> Array:
        """The pictures, with zeros behind their last rows and columns where the last tiles hang over."""
        height, width = pictures.shape[1:3]
        whole = self._room(pictures, overlap)
        if whole is not pictures:
            whole[:, height:] = 0
            whole[:, :, width:] = 0
            whole[:, :height, :width] = pictures
        return whole

    def _room(self, pictures: Array, overlap: int) -> Array:
        """The pictures themselves where whole tiles fill them, else as many of the size that whole tiles fill."""
        shape = (len(pictures), self.down * self.m + overlap, self.across * self.m + overlap, pictures.shape[3])
        fits = shape == pictures.shape and pictures.flags.c_contiguous
        return pictures if fits else np.empty(shape, pictures.dtype)

    def _tiles(self, pictures: Array, rows: range, columns: range) -> Array:
        """A view of the same place in all tiles, for each place in some rows and columns of a tile:
        `(rows, columns, n, down, across, d)`. Tiles begin m rows and columns apart, so that those of t×t overlap."""
        sample, row, column, number = pictures.strides
        shape = (len(rows), len(columns), len(pictures), self.down, self.across, pictures.shape[3])
        strides = (row, column, sample, self.m * row, self.m * column, number)
        return np.ndarray(shape, pictures.dtype, pictures, rows.start * row + columns.start * column, strides)

    def _put(self, tiles: Array, pictures: Array) -> None:
        """Fill pictures from their tiles, m×m or, adding where they overlap by two rows and columns, t×t."""
        m, size, (height, width) = self.m, len(tiles), pictures.shape[1:3]
        whole = self._room(pictures, overlap=size - m)
        whole[:, self.down * m :] = 0
        whole[:, :, self.across * m :] = 0
        tiles = tiles.reshape(size, size, len(pictures), self.down, self.across, -1)
        inner, outer = range(m), range(m, size)
        self._tiles(whole, inner, inner)[...] = tiles[:m, :m]
        if outer:
            for rows, columns in (outer, inner), (inner, outer), (outer, outer):
                places = self._tiles(whole, rows, columns)
                places += tiles[rows.start : rows.stop, columns.start : columns.stop]
        if whole is not pictures:
            pictures[...] = whole[:, :height, :width]


def _map(matrix: Array, array: Array) -> Array:
    """The matrix `(p, q)` applied to both first axes of an array `(q, q, …, d)`: `(p, p, rest, d)`.

    One product for each row and then for each column, instead of one for all: OpenBLAS has a faster way for those of
    less than a million multiplications, which copies nothing.
    """
    lines = array.reshape(*array.shape[:2], -1)
    for _ in "rows", "columns":
        lines = (matrix @ lines).swapaxes(0, 1)
    return lines.reshape(*lines.shape[:2], -1, array.shape[-1])
