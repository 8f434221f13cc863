"""Damaged and malicious images of every format: a reading or a message, in bounded memory, and the process lives on."""

import re
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from data.pictures import can_open_heif
from tests.hostile.conftest import seeds
from tests.hostile.damage import damaged
from tests.hostile.reader import PROCESS, Reader

pytestmark = pytest.mark.skipif(not PROCESS.exists(), reason="only Linux tells what a process took at most")

MOST = 1000  # megabytes: an honest WebP of 50 megapixels takes 800
FORMATS = ("WEBP", "HEIF", "BMP", "GIF", "TIFF", "PNG")
PACKED = ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4", "tiff_lzma", "zstd", "raw")
SIZES = (0, 1, 28, 6000, 50_000, 2**16 - 1, 2**24 - 1, 2**31 - 1, 2**31, 2**32 - 1)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


def digit(rng: np.random.Generator, side: int = 90) -> Image.Image:
    image = Image.new("RGB", (side + int(rng.integers(20)), side), tuple(map(int, rng.integers(150, 256, 3))))
    points = [(int(x), int(y)) for x, y in rng.integers(10, side - 10, (4, 2))]
    ImageDraw.Draw(image).line(points, "black", 6)
    return image


def saved(image: Image.Image, kind: str, rng: np.random.Generator, frames: int = 1) -> bytes:
    file, options = BytesIO(), {}
    if frames > 1 and kind in ("WEBP", "GIF", "TIFF", "PNG"):
        others = [Image.new("RGB", image.size, (0, 0, frame % 256)) for frame in range(frames - 1)]
        options = {"save_all": True, "append_images": others}
    if kind == "TIFF":
        options["compression"] = PACKED[rng.integers(len(PACKED))] if frames == 1 else "raw"
        image = image.convert("1") if options["compression"] == "group4" else image
    if kind == "WEBP":
        options["lossless"] = bool(rng.integers(2))
    image.save(file, kind, **options)
    return file.getvalue()


def with_size(content: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """The image with another width or height in one of the places where they stand, or with an odd tag of a TIFF."""
    data = bytearray(content)
    size = int(rng.choice(SIZES))
    if kind == "PNG":
        place = 16 + 4 * int(rng.integers(2))
        data[place : place + 4] = struct.pack(">I", size)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif kind == "GIF":
        place = (6, 8, data.find(b"\x2c") + 5, data.find(b"\x2c") + 7)[rng.integers(4)]
        data[place : place + 2] = struct.pack("<H", size % 2**16)
    elif kind == "BMP":
        place = (2, 10, 14, 18, 22, 28, 30, 34, 46)[rng.integers(9)]
        data[place : place + 4] = struct.pack("<I", size)
    elif kind == "WEBP":
        place = (4, 16, 23, 24, 26, 27)[rng.integers(6)]
        data[place : place + 3] = struct.pack("<I", size)[:3]
    elif kind == "HEIF":
        place = data.find(b"ispe") + 8 + 4 * int(rng.integers(2))
        data[place : place + 4] = struct.pack(">I", size)
    else:
        (tags,) = struct.unpack("<I", data[4:8])
        entry = tags + 2 + 12 * int(rng.integers(data[tags]))
        place, length = ((0, 2), (2, 2), (4, 4), (8, 4))[rng.integers(4)]
        odd = size if rng.integers(2) else int(rng.integers(2**16 if length == 2 else 2**32))
        data[entry + place : entry + place + length] = odd.to_bytes(8, "little")[:length]
    return bytes(data)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def with_bomb(content: bytes, rng: np.random.Generator) -> bytes:
    """A PNG with chunks that unpack to hundreds of megabytes."""
    zeros = zlib.compress(bytes(100 * 2**20), 1)
    names = {b"zTXt": b"note\0\0", b"iTXt": b"note\0\1\0\0\0", b"iCCP": b"icc\0\0", b"IDAT": b""}
    name = list(names)[rng.integers(len(names))]
    return content[:33] + int(rng.integers(1, 20)) * chunk(name, names[name] + zeros) + content[33:]


def hostile(kind: str, rng: np.random.Generator) -> bytes:
    way = rng.integers(100)
    if way == 0:  # as large as is still decoded, or larger: a few kilobytes
        mode = "RGB" if kind != "HEIF" else "L"
        return saved(Image.new(mode, (7000, int(rng.integers(6800, 7400))), "white"), kind, rng)
    if way == 1 and kind == "PNG":
        return with_bomb(saved(digit(rng), kind, rng), rng)
    if way < 5:
        return saved(digit(rng), kind, rng, frames=int(rng.integers(2, 300)))
    content = saved(digit(rng), kind, rng, frames=int(rng.choice([1, 1, 3])))
    if way < 55:
        content = with_size(content, kind, rng)
    return damaged(content, int(rng.integers(2**32))) if way > 40 else content


def test_a_hostile_image_is_read_or_refused(reader: Reader, tmp_path: Path, row: Callable[[str, str], None]) -> None:
    kinds = [kind for kind in FORMATS if kind != "HEIF" or can_open_heif()]
    outcomes: Counter[str] = Counter()
    highest: Counter[str] = Counter()
    for seed in seeds(100):
        kind, rng = kinds[seed % len(kinds)], np.random.default_rng(seed)
        file = tmp_path / "image"
        file.write_bytes(hostile(kind, rng))
        answer = reader.read("picture", file)
        assert re.fullmatch(r"read .*|(the|this|HEIC) [^\n]{20,150}", answer.said, re.DOTALL), f"seed {seed}: {answer}"
        assert answer.megabytes < MOST, f"seed {seed}: {answer}"
        outcomes["read" if answer.said.startswith("read") else "refused"] += 1
        highest[kind] = max(highest[kind], answer.megabytes)
    assert min(outcomes["read"], outcomes["refused"]) > 0.1 * outcomes.total()
    names = ", ".join(kind.replace("HEIF", "HEIC").replace("WEBP", "WebP") for kind in kinds)
    row(
        f"{outcomes.total():,} damaged and malicious images ({names}): false sizes, odd tags, many frames, bombs",
        f"{outcomes['read']:,} read, {outcomes['refused']:,} refused with a message; the process lived on; memory at "
        f"most {max(highest.values())} MB (" + ", ".join(f"{kind} {most}" for kind, most in highest.items()) + ")",
    )
