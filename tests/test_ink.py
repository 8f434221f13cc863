"""From strokes and pictures to MNIST's frame."""

import gc
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from data.datasets import Dataset
from data.ink import PictureError, frame, picture_to_image, strokes_to_image
from data.pictures import HEIF

THREE = np.array([(2, 1), (5, 0), (8, 1), (9, 3), (7, 5), (4, 6), (7, 7), (9, 10), (7, 13), (4, 14), (1, 12)], float)
FOUR = [np.array([(6, 0), (0, 9), (10, 9)], float), np.array([(7, 5), (7, 14)], float)]


def drawn(strokes: Sequence[NDArray[np.float64]], size: int = 280, zoom: float = 12, width: int = 14) -> Image.Image:
    """Black strokes on white, from (60, 40)."""
    picture = Image.new("L", (size, size), "white")
    pen = ImageDraw.Draw(picture)
    for stroke in strokes:
        points = [(60 + zoom * x, 40 + zoom * y) for x, y in stroke]
        pen.line(points, fill="black", width=width, joint="curve")
        for x, y in points:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill="black")
    return picture


def difference(one: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None) -> float:
    """Mean difference per pixel as a share of the ink."""
    assert one is not None
    assert other is not None
    return float(np.abs(one.astype(float) - other).sum() / one.astype(float).sum())


def assert_in_frame(image: NDArray[np.uint8] | None) -> None:
    assert image is not None
    assert (image.shape, image.dtype) == ((28, 28), np.uint8)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20, 21)  # the box, and what antialiasing spills
    assert image.max() > 250
    np.testing.assert_allclose(ndimage.center_of_mass(image), (14, 14), atol=0.6)


def pen_width(image: NDArray[np.uint8] | None) -> float:
    """Area over half the outline, in pixels."""
    assert image is not None
    ink = image / 255
    slope = np.hypot(ndimage.sobel(ink, 0), ndimage.sobel(ink, 1)) / 8
    return float(2 * ink.sum() / slope.sum())


def test_mnist_itself_lies_in_the_frame_that_is_aimed_at(mnist: Dataset) -> None:
    centres = np.array([ndimage.center_of_mass(image) for image in mnist.train_images[:500]])
    np.testing.assert_allclose(centres, 14, atol=0.51)
    boxes = [
        max(np.ptp(np.flatnonzero(image.any(axis=axis))) + 1 for axis in (0, 1)) for image in mnist.train_images[:500]
    ]
    assert np.mean(np.array(boxes) == 20) > 0.98
    widths = np.percentile([pen_width(image) for image in mnist.train_images[:500]], [5, 95])
    assert widths[0] < pen_width(strokes_to_image([THREE])) < widths[1]


def test_mnist_images_are_nearly_unchanged(mnist: Dataset) -> None:
    differences = [difference(image, picture_to_image(image)) for image in mnist.train_images[:100]]
    assert np.median(differences) < 0.15


@pytest.mark.parametrize("strokes", [[THREE], FOUR, [np.array([(0, 0), (0, 9)])], [np.array([(0, 0), (9, 0.5)])]])
def test_strokes_are_framed_as_mnist_is(strokes: list[NDArray[np.float64]]) -> None:
    assert_in_frame(strokes_to_image(strokes))


@pytest.mark.parametrize(("zoom", "shift"), [(1e-6, 0), (0.01, 0), (1, 500), (40, -3e4), (1e6, 1e8)])
def test_the_same_strokes_elsewhere_and_in_another_size_give_the_same_picture(zoom: float, shift: float) -> None:
    once, moved = strokes_to_image(FOUR), strokes_to_image([stroke * zoom + shift for stroke in FOUR])
    assert once is not None
    assert moved is not None
    assert np.abs(once.astype(int) - moved).max() <= 1


def test_order_and_direction_of_strokes_do_not_matter() -> None:
    """The image depends on the path of the pen, not on time, direction or number of points."""
    expected = strokes_to_image(FOUR)
    finely = [
        np.stack([np.interp(np.arange(0, len(s) - 0.99, 0.01), np.arange(len(s)), s[:, i]) for i in (0, 1)], axis=1)
        for s in FOUR
    ]
    for same in (FOUR[::-1], [stroke[::-1] for stroke in FOUR], [stroke.tolist() for stroke in FOUR]):
        assert difference(expected, strokes_to_image(same)) == 0
    assert difference(expected, strokes_to_image(finely)) < 0.02


def test_a_line_is_drawn_to_its_last_point_however_near_the_one_before_it_is() -> None:
    line, with_more = ([(3, 0), (3, 10)], [(3, 0), (3, 9.95), (3, 10)])
    np.testing.assert_array_equal(strokes_to_image([line]), strokes_to_image([with_more]))


def test_a_vertical_line_is_drawn_where_it_should_be() -> None:
    image = strokes_to_image([np.array([(3, 0), (3, 10)])])
    assert image is not None
    # 17.4 pixels long and 2.6 wide around (14, 14): three columns, the outer two covered by 0.8 of a pixel.
    assert image[14].nonzero()[0].tolist() == [13, 14, 15]
    assert image[14, 13:16].tolist() == [204, 255, 204]
    assert image[:, 14].nonzero()[0].tolist() == list(range(4, 25))


def test_without_ink_there_is_no_image() -> None:
    assert strokes_to_image([]) is None
    assert strokes_to_image([[], np.zeros((0, 2))]) is None
    for grey in (0, 128, 255):
        assert picture_to_image(np.full((50, 40), grey, np.uint8)) is None
    assert picture_to_image(Image.new("RGBA", (30, 30))) is None
    noise = np.random.default_rng(0).normal(200, 5, (200, 200)).clip(0, 255).astype(np.uint8)
    assert picture_to_image(noise) is None


@pytest.mark.parametrize("turns", range(4))
def test_ink_that_is_heavy_on_one_side_stays_whole(turns: int) -> None:
    """With its centre of mass in the middle it would reach out of the frame."""
    ink = np.zeros((20, 20), np.float32)
    ink[:3], ink[:, 9:11] = 1, 0.2
    image = frame(np.rot90(ink, turns))
    expected = np.pad(np.round(ink * 255), ((8, 0), (4, 4)))
    np.testing.assert_allclose(np.rot90(image, -turns), expected, atol=1)


def test_a_dot_is_ink() -> None:
    image = strokes_to_image([[(5, 5)]])
    assert image is not None
    assert image[14, 14] == 255
    assert 4 < image.astype(float).sum() / 255 < 7  # a disc 2.6 pixels wide
    tiny = strokes_to_image([[(0, 0), (1e-308, 0)]])  # too small to be drawn larger
    assert tiny is not None
    assert np.array_equal(tiny, image)


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([[(0, 0), (np.nan, 1)]], "not finite"),
        ([[(0, 0), (np.inf, 1)]], "not finite"),
        ([[(0, 0), (1e300, 1)]], "not finite"),
        ([[("a", "b")]], "of numbers"),
        ([[(0, 0), (1,)]], "of numbers"),
        ([[1, 2, 3]], r"shape \(k, 2\), got \(3,\)"),
        ([np.zeros((4, 3))], r"shape \(k, 2\), got \(4, 3\)"),
        ([np.zeros((60_000, 2)), np.zeros((60_000, 2))], "more than 100,000 points"),
    ],
)
def test_invalid_strokes_are_refused(strokes: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        strokes_to_image(strokes)


def test_ten_thousand_points_are_drawn() -> None:
    turn = np.linspace(0, 200, 10_000)
    assert_in_frame(strokes_to_image([np.stack([np.cos(turn), np.sin(turn)], axis=1)]))


@pytest.mark.parametrize(
    ("zoom", "width", "size"), [(12, 14, 280), (3, 4, 120), (60, 70, 1200), (12, 3, 280), (12, 30, 280)]
)
def test_pictures_of_all_sizes_and_pens_are_framed_as_mnist_is(zoom: float, width: int, size: int) -> None:
    image = picture_to_image(drawn(FOUR, size, zoom, width))
    assert_in_frame(image)
    assert 1.8 < pen_width(image) < 4.2
    assert difference(strokes_to_image(FOUR), image) < 0.6


def test_a_picture_moved_is_the_same_picture() -> None:
    picture = np.asarray(drawn(FOUR))
    expected = picture_to_image(picture)
    for shift in ((30, 0), (-20, 40), (50, -50)):
        assert difference(expected, picture_to_image(np.roll(picture, shift, axis=(0, 1)))) == 0


def test_light_on_dark_and_transparent_pictures_give_the_same() -> None:
    picture = drawn(FOUR)
    expected = picture_to_image(picture)
    ink = Image.fromarray(255 - np.asarray(picture))
    for colour in ("black", "white", "red", "navy"):
        transparent = Image.new("RGBA", picture.size, colour)
        transparent.putalpha(ink)
        assert difference(expected, picture_to_image(transparent)) < 0.05
    assert difference(expected, picture_to_image(ink)) < 0.05
    assert difference(expected, picture_to_image(picture.convert("RGB"))) == 0
    assert difference(expected, picture_to_image(picture.convert("P"))) < 0.05
    assert difference(expected, picture_to_image(Image.fromarray(np.asarray(picture).astype(np.uint16) * 257))) < 0.05


def test_a_scan_of_16_bits_may_use_few_of_them() -> None:
    scan = 30_000 + np.asarray(drawn(FOUR)).astype(np.uint16)
    assert difference(picture_to_image(drawn(FOUR)), picture_to_image(Image.fromarray(scan))) < 0.05


def test_a_photograph_gives_nearly_the_same() -> None:
    """Grey paper, ink not quite black, light from the left, noise, a smooth lens, a speck of dust."""
    rng = np.random.default_rng(0)
    paper = np.linspace(0.85, 0.5, 280)[None, :] * np.linspace(1, 0.85, 280)[:, None]
    ink = ndimage.gaussian_filter(1 - np.asarray(drawn(FOUR)) / 255, 1.5)
    photograph = paper * (1 - 0.75 * ink) + rng.normal(0, 0.02, ink.shape)
    photograph[250:253, 20:23] = 0.1
    picture = Image.fromarray((photograph.clip(0, 1) * 255).astype(np.uint8))
    encoded = BytesIO()
    picture.save(encoded, "JPEG", quality=80)
    assert difference(picture_to_image(drawn(FOUR)), picture_to_image(encoded.getvalue())) < 0.25


def test_a_photograph_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned: show it turned a quarter clockwise
    encoded = BytesIO()
    drawn(FOUR).transpose(Image.Transpose.ROTATE_90).save(encoded, "JPEG", quality=95, exif=exif)
    assert difference(picture_to_image(drawn(FOUR)), picture_to_image(encoded.getvalue())) < 0.1


def test_files_bytes_and_open_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "four.png"
    drawn(FOUR).save(path)
    expected = picture_to_image(drawn(FOUR))
    for picture in (path, str(path), path.read_bytes(), BytesIO(path.read_bytes())):
        assert difference(expected, picture_to_image(picture)) == 0


def test_a_picture_that_is_given_stays_as_it_was_and_a_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "four.jpg"
    drawn(FOUR).convert("RGB").resize((3000, 2000)).save(path)
    with Image.open(path) as picture:
        picture_to_image(picture)
        assert (picture.size, picture.mode) == ((3000, 2000), "RGB")
    drawn(FOUR).save(tmp_path / "four.gif", save_all=True, append_images=[drawn([THREE])])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        picture_to_image(tmp_path / "four.gif")
        gc.collect()


def png(picture: Image.Image) -> bytes:
    encoded = BytesIO()
    picture.save(encoded, "PNG")
    return encoded.getvalue()


@pytest.mark.parametrize("format", ["WEBP", "BMP", "GIF", "TIFF"])
def test_every_format_gives_the_same(format: str) -> None:
    encoded = BytesIO()
    drawn(FOUR).save(encoded, format, **({"lossless": True} if format == "WEBP" else {}))
    assert difference(picture_to_image(drawn(FOUR)), picture_to_image(encoded.getvalue())) < 0.02


def test_only_the_first_frame_of_an_animation_is_read() -> None:
    encoded = BytesIO()
    drawn(FOUR).save(encoded, "GIF", save_all=True, append_images=[drawn([THREE])])
    assert difference(picture_to_image(drawn(FOUR)), picture_to_image(encoded.getvalue())) < 0.02


@pytest.mark.parametrize("brand", HEIF)
def test_a_telephones_photograph_names_the_missing_package(brand: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.pictures.can_open_heif", lambda: False)
    with pytest.raises(PictureError, match="need the package pillow-heif"):
        picture_to_image(b"\0\0\0\x18" + brand + bytes(16))


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (b"", "not an image that can be read"),
        (b"hello, I am a text", "not an image that can be read: use PNG, JPEG, WebP"),
        (b"%PDF-1.7 and so on", "this is a PDF, not an image: upload a screenshot"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "damaged or truncated|need the package pillow-heif"),
        (png(drawn(FOUR))[:1000], "damaged or truncated"),
        (png(Image.new("1", (10_000, 10_000))), "more than 50 megapixels"),
        (png(Image.new("1", (20_000, 20_000))), "more than 50 megapixels"),
        ("/no/such/file.png", "there is no file"),
        (np.zeros((0, 28), np.uint8), "empty"),
        (np.zeros((28, 28)), "uint8"),
        (np.zeros((28, 28, 2), np.uint8), "uint8"),
        (np.zeros(28, np.uint8), "uint8"),
    ],
    ids=[
        "empty",
        "text",
        "pdf",
        "heic",
        "cut",
        "100 megapixels",
        "bomb",
        "absent",
        "no pixels",
        "float",
        "2 channels",
        "1 axis",
    ],
)
def test_invalid_images_are_refused_in_one_line(picture: bytes, message: str) -> None:
    with pytest.raises(PictureError, match=message) as refusal:
        picture_to_image(picture)
    assert "\n" not in str(refusal.value)
