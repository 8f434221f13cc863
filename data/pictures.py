"""Image files from users, opened safely."""

import os
import warnings
from functools import cache
from io import BytesIO
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

Picture = bytes | str | os.PathLike[str] | IO[bytes] | Image.Image | NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "HEIF")  # HEIF only if pillow-heif is installed
HEIF = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftyphevc", b"ftypheif")  # bytes 4 to 11 of such files
MOST_PIXELS = 50_000_000
WORKING_SIZE = 800  # pixels, the longer side: enough for a line of ten digits that end up at 20 each
BAND = 64  # rows of the reduced image that are made at once


class PictureError(ValueError):
    """The image cannot be read; the message explains why, for the person who uploaded it."""


def open_picture(picture: Picture) -> NDArray[np.float32]:
    """Grey values `(h, w)`, 0 = black to 1 = white, at most `WORKING_SIZE` pixels a side.

    Raises:
        PictureError: it cannot be opened, has none of the `FORMATS`, is damaged or empty, or has more than
            `MOST_PIXELS`.
    """
    if isinstance(picture, np.ndarray):
        channels = picture.shape[2:]
        if picture.dtype != np.uint8 or picture.ndim < 2 or channels not in ((), (3,), (4,)):
            got = f"{picture.dtype} {picture.shape}"
            raise PictureError(f"an image array must be uint8 (h, w), (h, w, 3) or (h, w, 4), got {got}")
        if not picture.size:
            raise PictureError("the image is empty")
        picture = Image.fromarray(picture)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow says of odd files helps nobody, in a log
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if isinstance(picture, Image.Image):
                return _grey(_small_enough(picture))
            with _opened(picture) as image:
                image.draft("L", (WORKING_SIZE, WORKING_SIZE))  # lets JPEG decode at a fraction of its size
                return _grey(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"the image has more than {MOST_PIXELS // 10**6} megapixels: make it smaller") from None
    except FileNotFoundError:
        raise PictureError(f"there is no file {picture!s}") from None
    except (PermissionError, IsADirectoryError) as error:
        raise PictureError(f"the file cannot be opened: {error.strerror}") from None
    except Image.UnidentifiedImageError:
        raise PictureError(_why_unknown(picture)) from None
    except PictureError:
        raise
    except Exception:  # a damaged file can make a decoder raise anything
        raise PictureError("the image is damaged or truncated: save it again, and retry") from None


def _opened(picture: bytes | str | os.PathLike[str] | IO[bytes]) -> Image.Image:
    formats = FORMATS if can_open_heif() else FORMATS[:-1]
    return _small_enough(Image.open(BytesIO(picture) if isinstance(picture, bytes) else picture, formats=formats))


def _small_enough(image: Image.Image) -> Image.Image:
    """The image itself.

    Raises:
        Image.DecompressionBombError: it has more than `MOST_PIXELS`.
    """
    if image.width * image.height > MOST_PIXELS:
        raise Image.DecompressionBombError
    return image


@cache
def can_open_heif() -> bool:
    """Whether pillow-heif is installed: it is optional, because its wheels contain x265, which is under the GPL."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener(thumbnails=False)
    return True


def _why_unknown(picture: object) -> str:
    """Names the format of a file that Pillow does not know, and what to do."""
    start = b""
    if isinstance(picture, bytes):
        start = picture[:16]
    elif isinstance(picture, str | os.PathLike):
        with open(picture, "rb") as file:
            start = file.read(16)
    if start.startswith(b"%PDF"):
        return "this is a PDF, not an image: upload a screenshot of its page"
    if start[4:12] in HEIF and not can_open_heif():
        return "HEIC images need the package pillow-heif: install it, or save the image as JPEG"
    return "this is not an image that can be read: use PNG, JPEG, WebP, BMP, GIF or TIFF"


def _grey(image: Image.Image) -> NDArray[np.float32]:
    """The first frame, upright, on white paper if it is transparent, reduced in size, and grey."""
    if image.mode.startswith(("I", "F")):  # 16 or 32 bits
        values = np.asarray(_small(image, "F"), np.float64)
        values = (values - values.min()) / max(np.ptp(values), 1e-9)
        image = Image.fromarray((values * 255).astype(np.uint8))
    elif image.has_transparency_data:
        transparent = _small(image, "RGBA")
        image = _flattened(transparent, "white")
        if np.ptp(np.asarray(image)) <= 20:
            image = _flattened(transparent, "black")
    else:
        image = _small(image, "L")
    return np.asarray(image, np.float32) / np.float32(255)


def _small(image: Image.Image, mode: str) -> Image.Image:
    """The image in a mode, upright, and at most `WORKING_SIZE` a side.

    A large image is converted and reduced in bands, so that it is in memory once, as it was decoded.
    """
    image.load()
    width, height = image.size
    factor = max(1, max(width, height) // (2 * WORKING_SIZE))  # half of it is left for `thumbnail`, which is smoother
    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, BAND * factor):
        band = image.crop((0, top, width, min(top + BAND * factor, height))).convert(mode)
        small.paste(band.reduce(factor), (0, top // factor))
    small.getexif()[ExifTags.Base.Orientation] = image.getexif().get(ExifTags.Base.Orientation, 1)
    ImageOps.exif_transpose(small, in_place=True)
    small.thumbnail((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BOX)
    return small


def _flattened(image: Image.Image, paper: str) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", image.size, paper), image).convert("L")
