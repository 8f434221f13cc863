"""Augmentation: images slightly rotated, scaled, slanted and shifted, so that a network never sees the same one twice.

Each such distortion is a linear map of the pixels: a sparse 784×784 matrix with four numbers per row, the bilinear
weights. Building and applying one for every image would cost more than the training step. So images at the same
position in neighbouring batches share a map. Within a batch all maps differ, and multiplying one matrix with dozens of
images takes about a microsecond per image.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

SIZE = 28  # pixels, width and height


@dataclass(frozen=True)
class Distortion:
    """The limits of random affine distortions, drawn uniformly in both directions: Simard et al., "Best Practices for
    Convolutional Neural Networks", 2003.

    Attributes:
        rotation: degrees.
        scale: share of the size; width and height vary independently.
        shear: pixels sideways per pixel upwards.
        shift: pixels, horizontally and vertically.
    """

    rotation: float
    scale: float
    shear: float
    shift: float

    def draw_map(self, rng: np.random.Generator) -> csr_array:
        """A random map: the float32 matrix that distorts flattened images `(784, n)`."""
        angle = np.radians(rng.uniform(-self.rotation, self.rotation))
        cos, sin = np.cos(angle), np.sin(angle)
        slant = rng.uniform(-self.shear, self.shear)
        # From a pixel of the result to its source position in the image, y before x.
        matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, 0], [slant, 1]])
        matrix *= rng.uniform(1 - self.scale, 1 + self.scale, size=2)
        centre = (SIZE - 1) / 2
        grid = np.indices((SIZE, SIZE)).reshape(2, -1) - centre  # y, x of each pixel
        places = matrix @ grid + centre + rng.uniform(-self.shift, self.shift, size=(2, 1))
        return bilinear(places)


def bilinear(places: NDArray[np.float64]) -> csr_array:
    """The matrix that samples a flattened image at `places` `(2, 784)`, y and x in pixels; outside is paper."""
    corner = np.floor(places)
    (y_far, x_far), (y, x) = places - corner, corner.astype(np.int32)
    columns = np.empty((places.shape[1], 4), np.int32)
    weights = np.empty((places.shape[1], 4), np.float32)
    for tap, (dy, dx) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        inside = (y + dy >= 0) & (y + dy < SIZE) & (x + dx >= 0) & (x + dx < SIZE)
        columns[:, tap] = np.where(inside, (y + dy) * SIZE + x + dx, 0)
        weights[:, tap] = inside * (y_far if dy else 1 - y_far) * (x_far if dx else 1 - x_far)
    rows = np.arange(0, columns.size + 1, 4, dtype=np.int32)
    return csr_array((weights.ravel(), columns.ravel(), rows), shape=(places.shape[1], SIZE * SIZE))


def augment(
    images: NDArray[np.uint8], batch_size: int, distortion: Distortion, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The images `(n, 28, 28)`, distorted. Images `batch_size` apart share a map."""
    moved = np.empty((len(images), SIZE * SIZE), np.uint8)
    for position in range(min(batch_size, len(images))):
        pictures = images[position::batch_size].reshape(-1, SIZE * SIZE).T.astype(np.float32)  # (784, batches)
        moved[position::batch_size] = (distortion.draw_map(rng) @ pictures + np.float32(0.5)).T
    return moved.reshape(images.shape)
