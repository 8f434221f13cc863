"""Image files from users: opened safely, and separated into ink and paper."""

import os
import warnings
from io import BytesIO
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scipy import ndimage

Picture = bytes | str | os.PathLike[str] | IO[bytes] | Image.Image | NDArray[np.uint8]

FORMATS = ("PNG", "JPEG")
MOST_PIXELS = 25_000_000
WORKING_SIZE = 320  # pixels, the longer side: enough for a digit that ends up at 20
FAINTEST = 0.08  # least contrast of ink and paper; 1 is black on white


class PictureError(ValueError):
    """The image cannot be read; the message explains why, for the person who uploaded it."""


def open_picture(picture: Picture) -> NDArray[np.float32]:
    """Grey values `(h, w)`, 0 = black to 1 = white, at most `WORKING_SIZE` pixels a side.

    Raises:
        PictureError: it is not a PNG or JPEG, is damaged or empty, or has more than `MOST_PIXELS`.
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
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = picture if isinstance(picture, Image.Image) else _opened(picture)
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            return _grey(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"the image has more than {MOST_PIXELS // 10**6} megapixels: make it smaller") from None
    except FileNotFoundError:
        raise PictureError(f"there is no file {picture!s}") from None
    except Image.UnidentifiedImageError:
        raise PictureError(f"this is not an image that can be read: use {' or '.join(FORMATS)}") from None
    except PictureError:
        raise
    except Exception:  # a damaged file can make a decoder raise anything
        raise PictureError("the image is damaged or truncated: save it again, and retry") from None


def find_ink(grey: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The amount of ink in each pixel, 0 to 1, whether it is dark on light or light on dark; None if there is none.

    Args:
        grey: `(h, w)`, 0 to 1. The lighting may be uneven, but most of the image's border must be paper.
    """
    paper, noise = _paper(grey)
    difference = (grey - paper).astype(np.float32)
    difference = np.sign(difference) * np.maximum(np.abs(difference) - 3 * noise, 0)
    darker, lighter = (difference.clip(max=0) ** 2).sum(), (difference.clip(min=0) ** 2).sum()
    ink = np.abs(difference)
    ink[(difference > 0) == (darker > lighter)] = 0
    strongest = ink.max()
    if strongest < max(FAINTEST, 3 * noise):
        return None
    full = np.median(ink[ink > strongest / 2])
    ink = (ink / full).clip(0, 1)
    return _without_specks(ink)


def _opened(picture: bytes | str | os.PathLike[str] | IO[bytes]) -> Image.Image:
    return Image.open(BytesIO(picture) if isinstance(picture, bytes) else picture, formats=FORMATS)


def _grey(image: Image.Image) -> NDArray[np.float32]:
    """The first frame, upright, on white paper if it is transparent, reduced in size, and grey."""
    image.draft("L", (2 * WORKING_SIZE, 2 * WORKING_SIZE))  # lets JPEG decode at a fraction of its size
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):  # 16 or 32 bits
        values = np.asarray(image, np.float64)
        values = (values - values.min()) / max(np.ptp(values), 1e-9)
        image = Image.fromarray((values * 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image.thumbnail((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BOX)
        on_white = _flattened(image, "white")
        image = on_white if np.ptp(np.asarray(on_white)) > FAINTEST * 255 else _flattened(image, "black")
    image = image.convert("L")
    image.thumbnail((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BOX)
    return np.asarray(image, np.float32) / np.float32(255)


def _flattened(image: Image.Image, paper: str) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", image.size, paper), image).convert("L")


def _paper(grey: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """The grey value of the paper at each pixel, also under the ink, and the standard deviation of its noise.

    The first estimate is the median of the border. In images large enough to be photographs, first a plane and then a
    curved surface is fitted to the pixels near the previous estimate.
    """
    height, width = grey.shape
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper, noise = np.full(grey.shape, np.median(border), np.float64), 0.0
    if min(height, width) < 64:
        return paper, noise
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    plane = [np.ones_like(x), x, y]
    for surface, near in ((plane, 0.25), (plane, 0.12), ([*plane, x * x, x * y, y * y], 0.06)):
        terms = np.stack(surface, axis=-1)
        like_paper = np.abs(grey - paper) < near
        if like_paper.sum() < grey.size // 4:
            break
        paper = terms @ np.linalg.lstsq(terms[like_paper], grey[like_paper], rcond=None)[0]
        noise = float(np.std((grey - paper)[like_paper]))
    return paper, noise


def _without_specks(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """The ink without patches below 1/50 of the largest one, which are dust, noise or the paper's edge."""
    patches, count = ndimage.label(ink > 0.1, np.ones((3, 3)))
    mass = ndimage.sum_labels(ink, patches, np.arange(count + 1))
    mass[0] = 0
    return np.where((mass >= mass.max() / 50)[patches], ink, 0)
