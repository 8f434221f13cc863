"""Unusual uploads: an answer or a clear error message, never anything else."""

import re
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from data.ink import PictureError, picture_to_image
from data.marks import find_marks
from data.pictures import open_picture
from tests.hostile.conftest import seeds

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK")


def picture(rng: np.random.Generator, mode: str = "RGB") -> Image.Image:
    """Lines and grain on paper of any shade and any size, in any mode that a file may have."""
    width, height = (int(side) for side in rng.integers(1, 120, size=2))
    grey = rng.integers(0, 40, size=(height, width)).astype(np.uint8) + np.uint8(rng.integers(0, 200))
    image = Image.fromarray(grey)
    points = [(int(x), int(y)) for x, y in rng.integers(-20, 130, size=(rng.integers(2, 9), 2))]
    ImageDraw.Draw(image).line(points, int(rng.integers(256)), int(rng.integers(1, 20)))
    if mode == "I;16":
        return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    if mode in ("LA", "RGBA"):
        image = image.convert(mode)
        image.putalpha(Image.fromarray(rng.integers(0, 256, size=(height, width), dtype=np.uint8)))
    return image.convert(mode)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def ordinary(rng: np.random.Generator) -> bytes:
    return encoded(picture(rng, MODES[rng.integers(len(MODES) - 1)]), "PNG")


def jpeg(rng: np.random.Generator) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(0, 12))  # turned and mirrored in every way, and in ways that there are not
    mode = ("L", "RGB", "CMYK")[rng.integers(3)]
    return encoded(picture(rng, mode), "JPEG", exif=exif, progressive=bool(rng.integers(2)))


def sixteen_bits(rng: np.random.Generator) -> bytes:
    return encoded(picture(rng, "I;16"), "PNG")


def palette_with_alpha(rng: np.random.Generator) -> bytes:
    image = picture(rng, "P")
    return encoded(image, "PNG", transparency=rng.bytes(int(rng.integers(1, 256))))


def animated(rng: np.random.Generator) -> bytes:
    frames = [picture(rng).resize((40, 40)) for _ in range(3)]
    return encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])


def cut_short(rng: np.random.Generator) -> bytes:
    content = (ordinary, jpeg)[rng.integers(2)](rng)
    return content[: rng.integers(len(content))]


def bits_flipped(rng: np.random.Generator) -> bytes:
    content = bytearray((ordinary, jpeg, animated)[rng.integers(3)](rng))
    for place in rng.integers(len(content), size=rng.integers(1, 20)):
        content[place] ^= 1 << int(rng.integers(8))
    return bytes(content)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_that_lies(rng: np.random.Generator) -> bytes:
    """Sides, depths and colour types that do not belong together, and all checksums right."""
    sides = [int(rng.choice([0, 1, 28, 5000, 2**20, 2**31 - 1, 2**32 - 1])) for _ in range(2)]
    kinds = [int(rng.choice(values)) for values in ((1, 2, 4, 8, 16, 99), (0, 2, 3, 4, 6, 7), (0, 1), (0,), (0, 1))]
    parts = [chunk(b"IHDR", struct.pack(">2I5B", *sides, *kinds))]
    if rng.integers(2):
        parts.append(chunk(b"PLTE", rng.bytes(3 * int(rng.integers(1, 300)))))
    if rng.integers(2):
        parts.append(chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(2**23))))
    if rng.integers(2):
        parts.append(chunk(b"tRNS", rng.bytes(int(rng.integers(0, 300)))))
    parts.append(chunk(b"IDAT", zlib.compress(rng.bytes(int(rng.integers(1, 5000))))))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


NEW_FORMATS = ("GIF", "BMP", "TIFF", "WEBP")


def new_formats(rng: np.random.Generator) -> bytes:
    """Moving pictures and several pages too: of those the first counts."""
    kind = NEW_FORMATS[rng.integers(4)]
    frames = [picture(rng, "RGB").resize((40, 40)) for _ in range(rng.integers(1, 4))]
    several = {"save_all": True, "append_images": frames[1:]} if kind != "BMP" else {}
    return encoded(frames[0], kind, **several)


def new_formats_damaged(rng: np.random.Generator) -> bytes:
    """Cut short, or with bits flipped, mostly in the header, where sizes and offsets stand."""
    content = bytearray(new_formats(rng))
    if rng.integers(2):
        return bytes(content[: rng.integers(len(content))])
    for place in rng.integers(min(len(content), int(rng.choice([64, 100_000]))), size=rng.integers(1, 20)):
        content[place] ^= 1 << int(rng.integers(8))
    return bytes(content)


def other_formats(rng: np.random.Generator) -> bytes:
    return encoded(picture(rng, "RGB"), ("PPM", "ICO", "TGA")[rng.integers(3)])


def noise(rng: np.random.Generator) -> bytes:
    start = (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", b"%PDF-1.4", b"<svg>")[rng.integers(5)]
    return start + rng.bytes(int(rng.integers(0, 3000)))


KINDS: tuple[Callable[[np.random.Generator], bytes], ...] = (
    ordinary, jpeg, sixteen_bits, palette_with_alpha, animated, cut_short, bits_flipped, png_that_lies, other_formats,
    noise, new_formats, new_formats_damaged,
)  # fmt: skip


def read(content: bytes) -> str:
    """The outcome of an upload: "blank", "digit" or the error message."""
    try:
        image = picture_to_image(content)
    except PictureError as error:
        return str(error)
    if image is None:
        return "blank"
    assert (image.dtype, image.shape) == (np.uint8, (28, 28))
    return "digit"


def test_an_upload_is_answered_or_refused_with_a_message(row: Callable[[str, str], None]) -> None:
    outcomes: Counter[str] = Counter()
    for seed in seeds(300):
        rng = np.random.default_rng(seed)
        outcome = read(KINDS[seed % len(KINDS)](rng))
        assert re.fullmatch(r"blank|digit|[a-z][^\n]{20,150}", outcome), f"seed {seed}: {outcome}"
        outcomes[outcome] += 1
    assert {"blank", "digit"} < outcomes.keys()
    assert len(outcomes) >= 5  # damaged, no picture, too large
    good = outcomes["blank"] + outcomes["digit"]
    row(f"{outcomes.total():,} unusual uploads", f"{good:,} read, {outcomes.total() - good:,} refused with a message")


@pytest.mark.parametrize("kind", [ordinary, jpeg, sixteen_bits, palette_with_alpha, animated, new_formats])
def test_a_good_picture_of_an_odd_kind_is_read(kind: Callable[[np.random.Generator], bytes]) -> None:
    assert {read(kind(np.random.default_rng(seed))) for seed in range(20)} <= {"blank", "digit"}


@pytest.mark.parametrize("kind", [other_formats, noise])
def test_unsupported_images_are_refused(kind: Callable[[np.random.Generator], bytes]) -> None:
    assert {read(kind(np.random.default_rng(seed))) for seed in range(20)} & {"blank", "digit"} == set()


def test_an_image_rotated_by_its_metadata_is_rotated_back() -> None:
    image = Image.new("L", (60, 100), "white")
    ImageDraw.Draw(image).line([(10, 10), (50, 10), (30, 90)], "black", 8)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: to be turned by 90° to the right
    turned = encoded(image.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)
    upright = picture_to_image(encoded(image, "JPEG", quality=95))
    back = picture_to_image(turned)
    assert upright is not None
    assert back is not None
    assert np.abs(upright.astype(int) - back).mean() < 5


@pytest.mark.parametrize("format", NEW_FORMATS)
def test_a_file_of_more_pixels_than_are_decoded_is_refused(format: str) -> None:
    content = encoded(Image.new("1" if format != "WEBP" else "L", (8000, 8000)), format)
    assert "more than 50 megapixels" in read(content)


def test_a_texture_of_thousands_of_marks_is_read_as_few() -> None:
    """Each mark would be compared with all others."""
    dots = np.full((600, 600), 255, np.uint8)
    sizes = np.random.default_rng(0).integers(1, 5, (75, 75))
    for (row, column), size in np.ndenumerate(sizes):
        dots[8 * row : 8 * row + size, 8 * column : 8 * column + size] = 0
    marks = find_marks(open_picture(dots))
    assert marks is not None
    assert marks.count <= 150
