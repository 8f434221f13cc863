"""Images as PNG, for pages, reports and JSON."""

from base64 import b64encode
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def to_png(image: NDArray[np.uint8]) -> bytes:
    """A PNG of a grayscale image `(h, w)` or an RGBA image `(h, w, 4)`."""
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def from_png(png: bytes) -> NDArray[np.uint8]:
    """The image `(28, 28)` in a PNG.

    Raises:
        ValueError: it is not a PNG, or not a 28×28 grayscale image.
    """
    try:
        image = Image.open(BytesIO(png), formats=["PNG"])
        if (image.size, image.mode) != ((28, 28), "L"):
            raise ValueError(f"{image.size} {image.mode}")
        return np.asarray(image)
    except Exception:  # a damaged PNG can make Pillow raise anything
        raise ValueError("not a 28×28 grayscale PNG") from None


def data_url(png: bytes) -> str:
    """The PNG as a data URL."""
    return f"data:image/png;base64,{b64encode(png).decode()}"
