"""From pictures to what a network takes in: the one place where pixels are scaled."""

import numpy as np
from numpy.typing import NDArray


def images_to_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 `(n, 28, 28)`, 0 = paper, 255 = ink → float32 `(n, 28, 28, 1)`, 0..1.

    Raises:
        TypeError: the pixels are not uint8.
        ValueError: the shape is not `(n, 28, 28)`.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(f"pictures are uint8 arrays, 0 = paper, 255 = ink; got {images.dtype}: scale and convert them")
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"pictures have shape (n, 28, 28), got {images.shape}: a single one is picture[None]")
    return (images * np.float32(1 / 255))[..., None]
