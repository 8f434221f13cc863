"""Pictures as PNG: what was written comes back, and nothing else is taken for one."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from training.pictures import data_url, from_png, to_png

PICTURE = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)


def test_a_picture_comes_back() -> None:
    np.testing.assert_array_equal(from_png(to_png(PICTURE)), PICTURE)


def test_colours_and_opacity_are_kept() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 6, 4), dtype=np.uint8)
    with Image.open(BytesIO(to_png(picture))) as image:
        assert image.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(image), picture)


def jpeg() -> bytes:
    file = BytesIO()
    Image.fromarray(PICTURE).save(file, "JPEG")
    return file.getvalue()


def said_to_be(width: int, height: int) -> bytes:
    """A small PNG of which the header says that it is larger."""
    header = struct.pack(">II", width, height) + to_png(PICTURE)[24:29]
    checksum = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return to_png(PICTURE)[:16] + header + checksum + to_png(PICTURE)[33:]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no picture", id="text"),
        pytest.param(to_png(PICTURE)[:60], id="half of it"),
        pytest.param(to_png(PICTURE)[:-30] + bytes(30), id="another end"),
        pytest.param(jpeg(), id="a JPEG"),
        pytest.param(to_png(PICTURE[1:]), id="27 rows"),
        pytest.param(to_png(np.dstack([PICTURE] * 3)), id="colours"),
        pytest.param(said_to_be(60_000, 60_000), id="said to be huge"),
        pytest.param(said_to_be(2**31 - 1, 2**31 - 1), id="said to be larger than any"),
    ],
)
def test_no_picture_of_a_digit(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a 28×28 grayscale PNG"):
        from_png(content)


def test_a_picture_inside_a_page() -> None:
    assert data_url(b"\x00\xff") == "data:image/png;base64,AP8="
