"""Pictures as PNG: inside pages, reports and JSON."""

from base64 import b64encode
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def to_png(image: NDArray[np.uint8]) -> bytes:
    """A PNG of a picture `(h, w)`, or of one with colours and opacity, `(h, w, 4)`."""
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def from_png(png: bytes) -> NDArray[np.uint8]:
    """The picture `(28, 28)` in a PNG.

    Raises:
        ValueError: it is no PNG, or holds another picture.
    """
    try:
        image = Image.open(BytesIO(png), formats=["PNG"])
        if (image.size, image.mode) != ((28, 28), "L"):
            raise ValueError(f"{image.size} {image.mode}")
        return np.asarray(image)
    except Exception:  # whatever a damaged PNG makes Pillow raise
        raise ValueError("it is no PNG of 28×28 greys") from None


def data_url(png: bytes) -> str:
    """The PNG as an address, for a page that holds it inside."""
    return f"data:image/png;base64,{b64encode(png).decode()}"
