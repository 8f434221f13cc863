"""The Draw page without a browser: the tests put the pad's messages into the session state."""

import json
import re
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from app.charts.html import enlarged, probability_bars
from app.components.drawing_pad import MOST_BYTES
from app.components.shown import choose, chosen_place, read_on_pad
from app.texts.reading import drawing_key
from data.handwriting import Handwriting, HandwritingError
from data.ink import picture_to_image, strokes_to_image
from model import save_network
from model.architectures import build_network
from model.classifier import DigitClassifier
from model.reading import Reading, Verdict
from tests.tiny_report import save_always_three
from training.formatting import whole_percent
from training.pictures import to_png
from training.recognition.drawing import DrawnDigit
from training.recognition.picture import read_picture

PAGE = Path(__file__).parents[1] / "app" / "pages" / "draw.py"
STROKE = [[300, 200], [700, 200], [500, 500], [400, 900]]
SEVEN = {"revision": 3, "strokes": [STROKE]}
BLANK = {"revision": 4, "strokes": []}
TWO_STROKES = [[[100, 300], [100, 700]], [[500, 300], [700, 300], [550, 700]]]
TWICE = {"revision": 5, "strokes": TWO_STROKES}
ANSWERS = {"dataset": "mnist", "unsure_below": 0.0}  # whatever the network reads: its weights are random


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, where the page looks for weights."""
    monkeypatch.setattr("app.components.weights_picker.ROOT", tmp_path)
    monkeypatch.setattr("app.components.weights_picker.PRETRAINED", tmp_path / "model" / "pretrained")
    return tmp_path


@pytest.fixture
def weights(root: Path) -> Path:
    path = root / "model" / "pretrained" / "quick.npz"
    save_network(path, build_network("quick", np.random.default_rng(0)), ANSWERS)
    return path


@pytest.fixture
def page(weights: Path) -> AppTest:
    return run(AppTest.from_file(PAGE))


def run(page: AppTest) -> AppTest:
    page.run(timeout=20)
    assert not page.exception
    return page


def draw(page: AppTest, message: object) -> AppTest:
    page.session_state["pad"] = {"drawing": message}
    return run(page)


def show(page: AppTest, content: bytes | None, revision: int = 8) -> AppTest:
    """Put a picture in the pad's place."""
    encoded = None if content is None else b64encode(content).decode()
    page.session_state["pad"] = {"picture": {"revision": revision, "content": encoded}}
    return run(page)


def pad_data(page: AppTest) -> dict[str, Any]:
    """What the page gave to the pad."""
    (found,) = (element.proto.json for element in page.get("bidi_component") if element.proto.id.endswith("-pad"))
    data: dict[str, Any] = json.loads(found)
    return data


def reading(page: AppTest) -> str:
    """The text of the reading."""
    body = page.error[0].value if page.error else page.html[0].proto.body
    return re.sub("<[^>]+>", "", body)


def tap(page: AppTest, truth: str, place: int = 0, message: dict[str, Any] = SEVEN) -> AppTest:
    """Tap a button that corrects a digit of the drawing."""
    key = drawing_key(digit_of(message["strokes"][place]))
    page.session_state["truth"] = {"tap": {"key": key, "truth": truth}}
    return run(page)


def digit_of(stroke: list[list[int]]) -> DrawnDigit:
    strokes = [np.array(stroke, np.float64)]
    image = strokes_to_image(strokes)
    assert image is not None
    return DrawnDigit(strokes, image, Reading(np.zeros(10, np.float32), Verdict.DIGIT), (0, 0, 0, 0))


def rewritten(weights: Path, **header: object) -> AppTest:
    """The page with weights that have another header."""
    save_network(weights, build_network("quick", np.random.default_rng(0)), {**ANSWERS, **header})
    return run(AppTest.from_file(PAGE))


def answer(weights: Path, image: np.ndarray | None) -> str:
    assert image is not None
    return str(DigitClassifier.load(weights).predict(image[np.newaxis])[0])


def encoded(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def picture(paper: str = "white", ink: str = "black") -> Image.Image:
    image = Image.new("RGB", (200, 200), paper)
    ImageDraw.Draw(image).line([(x / 5, y / 5) for x, y in STROKE], ink, 18, "curve")
    return image


def test_a_blank_pad_asks_for_a_digit_and_shows_none(page: AppTest) -> None:
    assert "Draw a digit" in reading(page)
    assert "Draw a digit" in reading(draw(page, BLANK))


def test_the_reading_begins_with_the_digit_that_the_network_reads(page: AppTest, weights: Path) -> None:
    digit = answer(weights, strokes_to_image([np.array(STROKE)]))
    assert reading(draw(page, SEVEN)).startswith(f"{digit}probability ")


def test_strokes_side_by_side_are_read_as_a_number(page: AppTest, weights: Path) -> None:
    number = "".join(answer(weights, digit_of(stroke).image) for stroke in TWO_STROKES)
    assert re.match(rf"{number}each digit: [0-9]+ % or more", reading(draw(page, TWICE)))


def test_a_withheld_answer_names_two_digits(weights: Path) -> None:
    page = rewritten(weights, unsure_below=1.0)
    digit = answer(weights, strokes_to_image([np.array(STROKE)]))
    assert re.match(rf"Unsure: {digit} or [0-9]probabilities [0-9]+ % and [0-9]+ %", reading(draw(page, SEVEN)))
    assert re.match(r"\?\?1st: unsure, . or .2nd: unsure, . or .", reading(draw(page, TWICE)))


def test_non_digits_are_refused(weights: Path) -> None:
    page = rewritten(weights, no_digit_below=1e6)
    assert reading(draw(page, SEVEN)).startswith("This does not look like a digit")
    assert reading(draw(page, TWICE)).startswith("This does not look like a digit")


def test_a_tap_stores_the_drawing_and_another_tap_corrects_it(page: AppTest, root: Path, weights: Path) -> None:
    draw(page, SEVEN)
    tap(page, "7")
    tap(page, "7")
    (kept,) = Handwriting(root / "handwriting.sqlite").drawings()
    assert (kept.truth, kept.weights) == (7, "model/pretrained/quick.npz")
    assert str(kept.answer) == answer(weights, kept.image)
    np.testing.assert_array_equal(kept.image, digit_of(STROKE).image)
    tap(page, "no digit")
    (kept,) = Handwriting(root / "handwriting.sqlite").drawings()
    assert kept.truth is None
    tap(page, "undo")
    assert Handwriting(root / "handwriting.sqlite").drawings() == []


def test_each_digit_of_a_number_can_be_corrected(page: AppTest, root: Path) -> None:
    draw(page, TWICE)
    tap(page, "1", 0, TWICE)
    tap(page, "7", 1, TWICE)
    assert [kept.truth for kept in Handwriting(root / "handwriting.sqlite").drawings()] == [1, 7]


@pytest.mark.parametrize("bad", ["rubbish", {}, {"key": 1, "truth": "7"}, {"key": "other", "truth": "7"}])
def test_a_tap_for_an_unknown_drawing_stores_nothing(page: AppTest, root: Path, bad: object) -> None:
    draw(page, SEVEN)
    page.session_state["truth"] = {"tap": bad}
    run(page)
    tap(page, "ten")
    assert not (root / "handwriting.sqlite").exists()


def test_a_drawing_that_cannot_be_stored_gives_an_error_message(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise HandwritingError("the disk is full, make room")

    monkeypatch.setattr(Handwriting, "keep", refuse)
    good = str(draw(page, SEVEN).html[0].proto.body)
    assert "the disk is full, make room" in tap(page, "7").error[0].value
    assert page.html[0].proto.body == good


def test_the_page_names_the_training_data(page: AppTest) -> None:
    assert "MNIST" in page.caption[-1].value


@pytest.mark.parametrize(
    "message",
    ["rubbish", [], {}, {"strokes": [[["a", 1]]]}, {"strokes": [[[float("nan"), 1]]]}, {"strokes": [[]] * 101}],
)
def test_an_invalid_message_is_refused_with_an_error_message(page: AppTest, message: Any) -> None:
    good = reading(draw(page, SEVEN))
    assert re.fullmatch(r"[A-Z].*\.", reading(draw(page, message)))
    assert reading(draw(page, {**SEVEN, "revision": 9})) == good


def test_a_message_without_its_revision_is_read_too(page: AppTest) -> None:
    assert "probability" in reading(draw(page, {"strokes": [STROKE]}))


def test_a_drawing_is_still_there_when_the_page_was_left(page: AppTest) -> None:
    good = reading(draw(page, SEVEN))
    draw(page, "rubbish")
    del page.session_state["pad"]  # as Streamlit does when another page is opened
    assert reading(run(page)) == good


def test_a_picture_is_read_like_a_drawing_until_there_is_a_newer_drawing(page: AppTest, weights: Path) -> None:
    drawn = reading(draw(page, SEVEN))
    content = encoded(picture())
    digit = answer(weights, picture_to_image(content))
    assert reading(show(page, content)).startswith(digit)
    assert reading(show(page, encoded(picture("black", "white")), 9)).startswith(digit)
    del page.session_state["pad"]  # as Streamlit does when another page is opened
    read = reading(run(page))
    assert read.startswith(digit)
    assert reading(draw(page, {**TWICE, "revision": 7})) == read  # older than the picture
    assert reading(draw(page, {**SEVEN, "revision": 10})) == drawn


def test_a_digit_stays_chosen_until_there_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def number(first: float, *shares: float) -> list[DrawnDigit]:
        readings = [Reading(np.eye(10, dtype=np.float32)[3] * share, Verdict.DIGIT) for share in shares]
        boxes = [(first + 100 * place, 0, first + 50 + 100 * place, 90) for place in range(len(shares))]
        blank = np.zeros((28, 28), np.uint8)
        return [DrawnDigit([], blank, reading, box) for reading, box in zip(readings, boxes, strict=True)]

    monkeypatch.setattr("app.components.shown.st.session_state", {})
    digits = number(0, 0.9, 0.6, 0.9)
    assert chosen_place(digits) == 1  # the least certain
    choose(digits, 2)
    assert chosen_place(number(0, 0.9, 0.6, 0.9)) == 2
    assert chosen_place(number(7, 0.6, 0.9, 0.9)) == 0  # as many, but elsewhere


@pytest.mark.parametrize("turned", [False, True])
def test_the_box_of_a_digit_is_where_the_pad_shows_it(turned: bool, tmp_path: Path) -> None:
    """A picture twice as wide as high fills the pad's width, and the middle half of its height."""
    ink = np.full((200, 400), 255, np.uint8)
    ink[120:160, 300:320] = 0
    classifier = DigitClassifier.load(save_always_three(tmp_path / "three.npz"))
    (digit,) = read_on_pad(classifier, to_png(np.ascontiguousarray(ink.T) if turned else ink))
    left, top, right, bottom = (digit.box[place] for place in ((1, 0, 3, 2) if turned else (0, 1, 2, 3)))
    assert 750 <= left < right <= 800
    assert 550 <= top < bottom <= 650


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "."),
        (b"no picture", "not an image"),
        (encoded(picture())[:200], "damaged"),
        (encoded(Image.new("RGB", (50, 50), "white")), "no digit in"),
        (encoded(Image.new("1", (7100, 7100))), "megapixels"),
        (None, "larger than 10 MB"),
        (bytes(MOST_BYTES + 3), "larger than 10 MB"),
    ],
    ids=["empty", "text", "cut short", "blank", "too many pixels", "too large", "too large as it arrives"],
)
def test_a_bad_picture_is_refused_and_the_drawing_stays(page: AppTest, content: bytes, complaint: str) -> None:
    good = reading(draw(page, SEVEN))
    assert re.fullmatch(rf"[A-Z].*{complaint}.*\.", reading(show(page, content)))
    assert reading(run(page)) != good
    assert reading(draw(page, {**SEVEN, "revision": 9})) == good


def test_a_bad_picture_is_refused_and_the_picture_before_stays(page: AppTest, weights: Path) -> None:
    good = encoded(picture())
    show(page, good)
    before = pad_data(page)["picture"]
    assert "not an image" in reading(show(page, b"no picture", 9))
    assert "damaged" in reading(show(page, good[:200], 10))
    assert (pad_data(page)["picture"], pad_data(page)["refused"]) == (before, True)
    page.session_state["pad"] = {"drawing": {**SEVEN, "revision": 11}, "picture": {"revision": 12, "content": "bad"}}
    assert "image" in reading(run(page))
    assert pad_data(page)["picture"] is None  # the drawing came between


def test_a_picture_is_read_once_for_each_network(
    page: AppTest, weights: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []

    def counted(classifier: DigitClassifier, content: bytes) -> list[DrawnDigit]:
        read.append(content)
        return read_picture(classifier, content)

    monkeypatch.setattr("app.components.shown.read_picture", counted)
    first = reading(show(page, encoded(picture())))
    del page.session_state["pad"]
    assert reading(run(page)) == reading(run(page)) == first
    assert len(read) == 1
    show(page, encoded(picture("black", "white")), 9)
    assert len(read) == 2
    save_network(weights, build_network("quick", np.random.default_rng(1)), ANSWERS)
    run(page)
    assert len(read) == 3


@pytest.mark.parametrize("message", ["rubbish", {}, {"revision": 8}, {"revision": "8"}, {"revision": True}])
def test_a_message_of_no_picture_is_no_picture(page: AppTest, message: object) -> None:
    page.session_state["pad"] = {"drawing": SEVEN, "picture": message}
    assert "probability" in reading(run(page)) or "larger than" in reading(page)


@pytest.mark.parametrize("content", [7, "no base64!", "ü", [], {}])
def test_content_of_unknown_form_is_refused(page: AppTest, content: object) -> None:
    page.session_state["pad"] = {"picture": {"revision": 8, "content": content}}
    assert "unknown form" in reading(run(page))


def test_without_weights_the_page_names_the_training_command(root: Path) -> None:
    assert "`make train`" in run(AppTest.from_file(PAGE)).info[0].value


def test_broken_weights_are_reported_and_the_others_still_read(page: AppTest, root: Path) -> None:
    broken = root / "runs" / "mine" / "weights.npz"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no weights")
    assert "runs/mine/weights.npz is damaged" in run(page).sidebar.error[0].value
    draw(page, SEVEN)
    assert "probability" in page.html[0].proto.body


def test_the_chosen_weights_read_and_stay_chosen(weights: Path, root: Path) -> None:
    other = root / "runs" / "other" / "weights.npz"
    save_network(other, build_network("article", np.random.default_rng(1)), {**ANSWERS, "dataset": "digits"})
    page = run(AppTest.from_file(PAGE))
    assert page.sidebar.selectbox[0].value == weights
    page.sidebar.selectbox[0].set_value(other)
    assert "scikit-learn" in run(page).caption[-1].value
    assert reading(draw(page, SEVEN)).startswith(answer(other, strokes_to_image([np.array(STROKE)])))
    save_network(other.parents[1] / "newer" / "weights.npz", build_network("article", np.random.default_rng(2)))
    assert run(page).sidebar.selectbox[0].value == other


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0 %"), (0.314, "31 %"), (0.994, "99 %"), (0.996, "over 99 %"), (1, "over 99 %")]
)
def test_no_percentage_sounds_certain(share: float, words: str) -> None:
    assert whole_percent(share) == words


def test_ten_bars_as_long_as_their_probabilities_with_the_likeliest_in_colour() -> None:
    bars = probability_bars(np.array([0.0, 0.9, 0.1, *[0.0] * 7]))
    widths = re.findall(r"width: ([\d.]+)%", bars)
    assert [float(width) for width in widths] == [0, 90, 10, *[0] * 7]
    colours = re.findall(r"background: (#\w+)", bars)
    assert [colour != colours[0] for colour in colours] == [False, True, *[False] * 8]
    assert 'aria-label="Probabilities: 1 90 %, 2 10 %"' in bars


@pytest.mark.parametrize("answers", [(), (1,), (1, 2)])
def test_only_the_answers_are_in_colour(answers: tuple[int, ...]) -> None:
    colours = re.findall(r"background: (#\w+)", probability_bars(np.array([0.0, 0.6, 0.4, *[0.0] * 7]), answers))
    assert [digit for digit in range(10) if colours[digit] != colours[9]] == list(answers)


def test_the_picture_that_the_network_sees_is_inside_the_page() -> None:
    assert enlarged(np.zeros((28, 28), np.uint8), "a digit", 168).startswith('<img src="data:image/png;base64,')
