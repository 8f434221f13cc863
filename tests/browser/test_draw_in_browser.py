"""The Draw page in Chromium: what a person does with mouse, finger and keyboard, and what they then see."""

import socket
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from data.handwriting import Handwriting
from data.samples import load_written_digits
from tests.browser.pen import draw, expect_no_reading, expect_reading, on_screen, pad, press, upload
from tests.browser.stage import PHONE, open_page
from tests.drawings import DIGITS, NO_DIGITS, Strokes, number
from tests.running_app import PROJECT, copy_project, free_port, running_app

PEN_STROKES = PROJECT.parent / "shared" / "drawn" / "pendigits_train.npz"  # not part of the project
COUNT_MESSAGES = """() => {
    const send = WebSocket.prototype.send;
    window.messages = 0;
    WebSocket.prototype.send = function (...data) { window.messages += 1; send.apply(this, data); };
}"""


def ink(page: Page) -> str:
    """The image on the pad."""
    return pad(page).evaluate("canvas => canvas.toDataURL()")


def picture(digit: int, paper: Any, colour: Any, mode: str = "RGB") -> bytes:
    image = Image.new(mode, (300, 300), paper)
    for stroke in DIGITS[digit]:
        ImageDraw.Draw(image).line([(3 * x, 3 * y) for x, y in stroke], colour, 20, "curve")
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_every_digit_drawn_with_the_mouse_is_read(page: Page) -> None:
    expect_no_reading(page)
    for digit, strokes in enumerate(DIGITS):
        draw(page, strokes)
        expect_reading(page, f"{digit}[^0-9]")
        press(page, "Clear")
        expect_no_reading(page)


def test_reading_and_picture_follow_while_the_pen_is_down(page: Page) -> None:
    seen = page.get_by_alt_text("The image that the network sees")
    expect(page.locator(".st-key-reading")).to_contain_text("Draw a digit", timeout=30_000)
    expect(seen).not_to_be_visible()
    start, *others = on_screen(page, DIGITS[7])[0]
    page.mouse.move(*start)
    page.mouse.down()
    page.evaluate(COUNT_MESSAGES)
    for point in others:
        page.mouse.move(*point, steps=12)
    expect_reading(page, 7)
    expect(seen).to_be_visible()
    expect(page.get_by_role("img", name="Probabilities")).to_be_visible()
    assert 1 <= page.evaluate("messages") < 6 * len(others)  # not one for each movement: a message awaits its answer
    page.mouse.up()


def test_undo_and_clear_by_button_and_by_key(page: Page) -> None:
    blank = ink(page)
    draw(page, DIGITS[1])
    one = ink(page)
    draw(page, [[(20, 20), (80, 20)]])
    two = ink(page)
    assert len({blank, one, two}) == 3
    press(page, "Undo")
    assert ink(page) == one
    expect_reading(page, 1)
    press(page, "Clear")
    assert ink(page) == blank
    expect_no_reading(page)
    press(page, "Undo")  # takes back the clearing too
    assert ink(page) == one
    draw(page, [[(20, 20), (80, 20)]])
    assert ink(page) == two
    page.keyboard.press("Control+z")
    assert ink(page) == one
    page.keyboard.press("Delete")
    assert ink(page) == blank
    expect_no_reading(page)


@pytest.mark.slow
def test_redo_by_button_and_by_key_until_something_new_is_drawn(page: Page) -> None:
    blank = ink(page)
    draw(page, DIGITS[4])
    both = ink(page)
    press(page, "Undo")
    press(page, "Undo")
    assert ink(page) == blank
    press(page, "Redo")
    assert ink(page) not in (blank, both)
    page.keyboard.press("Control+Shift+Z")
    assert ink(page) == both
    expect_reading(page, 4)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    assert ink(page) == both
    press(page, "Clear")
    draw(page, DIGITS[7])
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()


def test_digits_side_by_side_are_read_as_a_number_with_a_box_around_each(page: Page) -> None:
    draw(page, number(2, 0, 2))
    expect_reading(page, "202[^0-9]")
    three = ink(page)
    page.mouse.move(*on_screen(page, [[(97, 5)]])[0][0])
    page.mouse.down()
    assert ink(page) != three  # the boxes go with the first new point: they were those of other ink
    page.mouse.up()
    press(page, "Undo")
    expect_reading(page, "202[^0-9]")
    assert ink(page) == three
    expect(page.get_by_role("status").filter(has_text="202")).to_have_count(1)  # for screen readers
    expect(page.get_by_role("radio")).to_have_count(3)


@pytest.mark.slow
@pytest.mark.parametrize("strokes", NO_DIGITS.values(), ids=NO_DIGITS)
def test_non_digits_are_refused(page: Page, strokes: Strokes) -> None:
    draw(page, strokes)
    expect_reading(page, "This does not look like a digit")


def test_a_tap_stores_the_drawing_and_can_be_corrected_and_undone(page: Page, project: Path) -> None:
    def truths() -> list[int | None]:
        return [drawing.truth for drawing in Handwriting(project / "handwriting.sqlite").drawings()]

    draw(page, DIGITS[7])
    expect_reading(page, 7)
    page.get_by_role("button", name="1", exact=True).click()
    expect(page.get_by_text("Kept as 1.")).to_be_visible()
    assert truths() == [1]
    page.get_by_role("button", name="no digit", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Kept as no digit.")).to_be_visible()
    assert truths() == [None]
    press(page, "Undo the correction")
    expect(page.get_by_text("Kept as")).not_to_be_visible()
    assert truths() == []


@pytest.mark.slow  # the other tests here do the same with drawings of our own
def test_drawings_of_a_tablet_are_read_as_they_were_meant(page: Page) -> None:
    if not PEN_STROKES.exists():
        pytest.skip(f"there are no pen strokes in {PEN_STROKES.parent}")
    drawings, labels, _ = load_written_digits(PEN_STROKES)
    right = 0
    for i in range(0, 20):
        points = np.concatenate(drawings[i])
        lowest, extent = points.min(axis=0), np.ptp(points, axis=0).max()
        move = 50 - 35 * np.ptp(points, axis=0) / extent
        draw(page, [[tuple(p) for p in 70 * (stroke[::3] - lowest) / extent + move] for stroke in drawings[i]])
        expect_reading(page, "[^D]")
        right += page.locator(".st-key-reading").inner_text().startswith(f"{labels[i]}\n")
        press(page, "Clear")
        expect_no_reading(page)
    assert right >= 18


@pytest.mark.slow
def test_a_stroke_may_leave_the_pad_and_come_back(page: Page) -> None:
    draw(page, [[(50, 20), (50, 70), (50, 130), (120, 130)]])
    after = ink(page)
    page.mouse.move(*on_screen(page, [[(30, 30)]])[0][0])  # the pen is up: this draws nothing
    assert ink(page) == after


@pytest.mark.slow
def test_the_drawing_survives_a_visit_to_another_page(page: Page) -> None:
    draw(page, DIGITS[4])
    before = ink(page)
    page.get_by_role("link", name="Report").click()  # while the last stroke is still being read
    pad(page).wait_for(state="detached")
    page.get_by_role("link", name="Draw").click()
    pad(page).wait_for()
    expect_reading(page, 4)
    assert ink(page) == before
    press(page, "Undo")
    press(page, "Undo")
    expect_no_reading(page)
    draw(page, DIGITS[7])
    expect_reading(page, 7)


def test_drawing_with_the_keyboard_alone(page: Page) -> None:
    pad(page).focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_text("arrow keys move the pen")).to_be_visible()
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")  # the pen is lifted: this draws nothing
    expect_reading(page, 1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_no_reading(page)


@pytest.mark.parametrize("window", [PHONE])
def test_drawing_with_a_finger_on_a_phone(page: Page) -> None:
    touch(page, on_screen(page, DIGITS[2])[0])
    expect_reading(page, 2)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0
    reading = page.locator(".st-key-reading").bounding_box()
    assert reading is not None
    assert reading["y"] + reading["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    width, height, pixels = pad(page).evaluate("canvas => [canvas.clientWidth, canvas.clientHeight, canvas.width]")
    assert width == height >= 300
    assert pixels == 3 * width
    for button in ("Undo", "Redo", "Clear", "0", "9", "no digit"):
        box = page.get_by_role("button", name=button, exact=True).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44


@pytest.mark.slow
@pytest.mark.parametrize("window", [{"color_scheme": "dark"}])
def test_the_ink_is_light_where_the_page_is_dark(page: Page) -> None:
    draw(page, DIGITS[1])
    middle = "canvas => canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[0]"
    assert pad(page).evaluate(middle) > 200


def expect_paper(page: Page, *colour: int) -> None:
    """Wait until the pad has this colour at its lower edge, where no digit is: red, green, blue and alpha."""
    page.wait_for_function(
        """([canvas, colour]) => {
            const place = canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height - 9, 1, 1);
            return String(place.data) === String(colour);
        }""",
        arg=[pad(page).element_handle(), colour],
    )


def test_a_picture_takes_the_pads_place_until_something_is_drawn(page: Page) -> None:
    draw(page, DIGITS[1])
    expect_reading(page, 1)
    drawn = ink(page)
    upload(page, picture(5, "white", "black"))
    expect_reading(page, 5)
    expect_paper(page, 255, 255, 255, 255)
    upload(page, picture(2, "black", "white"))
    expect_reading(page, 2)
    expect_paper(page, 0, 0, 0, 255)
    upload(page, picture(3, (0, 0, 0, 0), (0, 0, 0, 255), "RGBA"))
    expect_reading(page, 3)
    press(page, "Undo")
    expect_reading(page, 2)
    press(page, "Undo")
    press(page, "Undo")
    expect_reading(page, 1)
    assert ink(page) == drawn
    press(page, "Redo")
    expect_reading(page, 5)
    draw(page, DIGITS[6])
    expect_reading(page, 6)
    expect_paper(page, 0, 0, 0, 0)
    press(page, "Undo")
    expect_reading(page, 5)
    press(page, "Clear")
    expect_no_reading(page)
    expect_paper(page, 0, 0, 0, 0)


@pytest.mark.slow
def test_a_bad_picture_is_refused_and_loses_nothing(page: Page) -> None:
    draw(page, DIGITS[8])
    expect_reading(page, 8)
    before = ink(page)
    upload(page, b"this is no picture")
    expect_reading(page, "This is not an image")
    assert ink(page) == before
    upload(page, bytes(10 * 2**20 + 1))
    expect_reading(page, "The image is larger than 10 MB")
    assert ink(page) == before
    upload(page, picture(1, "white", "white"))
    expect_reading(page, "There is no digit")
    expect_paper(page, 255, 255, 255, 255)
    press(page, "Undo")
    expect_reading(page, 8)
    assert ink(page) == before
    upload(page, picture(5, "white", "black"))
    expect_reading(page, 5)
    upload(page, b"this is no picture")
    expect_reading(page, "This is not an image")
    expect_paper(page, 255, 255, 255, 255)
    open_page(page, "Look inside")
    expect(page.locator(".st-key-answer")).to_contain_text("Read as 5,")
    open_page(page, "Draw")
    press(page, "Undo")
    expect_reading(page, 8)
    assert ink(page) == before
    press(page, "Redo")
    expect_reading(page, 5)


@pytest.mark.slow
def test_a_picture_survives_visits_to_other_pages_and_is_looked_inside(page: Page) -> None:
    upload(page, picture(5, "white", "black"))
    expect_reading(page, 5)
    open_page(page, "Look inside")
    expect(page.locator(".st-key-answer")).to_contain_text("Read as 5,")
    open_page(page, "Report")
    open_page(page, "Draw")
    expect_reading(page, 5)
    expect_paper(page, 255, 255, 255, 255)
    press(page, "Clear")
    expect_no_reading(page)
    open_page(page, "Look inside")
    expect(page.get_by_text("The pad is blank")).to_be_visible()


@pytest.mark.slow
def test_a_reload_keeps_the_drawing_and_a_picture(page: Page) -> None:
    draw(page, DIGITS[7])
    expect_reading(page, 7)
    page.reload()
    expect_reading(page, 7)
    upload(page, picture(5, "white", "black"))
    expect_reading(page, 5)
    page.reload()
    expect_reading(page, 5)
    press(page, "Undo")
    expect_reading(page, 7)
    press(page, "Clear")
    expect_no_reading(page)
    page.reload()
    expect_no_reading(page)


@pytest.mark.slow  # a server of its own
def test_after_a_restart_of_the_server_the_drawing_is_read_again(browser: Browser, tmp_path: Path) -> None:
    project, port = copy_project(tmp_path), free_port()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    with running_app(project, port=port) as url:
        page.goto(url)
        draw(page, DIGITS[7])
        expect_reading(page, 7)
    with running_app(project, port=port):
        expect_reading(page, 7)
        upload(page, picture(5, "white", "black"))
        expect_reading(page, 5)
    with running_app(project, port=port):
        expect_reading(page, 5)
        expect_paper(page, 255, 255, 255, 255)
        press(page, "Clear")
        draw(page, DIGITS[4])
        expect_reading(page, 4)
    context.close()


DATA = """content => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(content), letter => letter.charCodeAt(0))], "photo.png",
                            {type: "image/png"}));
    return data;
}"""
PASTE = """data => document.body.dispatchEvent(
    new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
)"""


@pytest.mark.slow
def test_a_picture_is_pasted(page: Page) -> None:
    data = page.evaluate_handle(DATA, b64encode(picture(5, "white", "black")).decode())
    page.evaluate(PASTE, data)
    expect_reading(page, 5)


@pytest.mark.slow
def test_a_picture_is_dropped_on_the_pad(page: Page) -> None:
    data = page.evaluate_handle(DATA, b64encode(picture(5, "white", "black")).decode())
    pad(page).dispatch_event("dragover", {"dataTransfer": data})
    expect(page.locator(".pad.over")).to_have_count(1)
    pad(page).dispatch_event("drop", {"dataTransfer": data})
    expect(page.locator(".pad.over")).to_have_count(0)
    expect_reading(page, 5)


@pytest.mark.slow
@pytest.mark.parametrize("window", [PHONE])
def test_the_menu_of_a_phone_closes_after_a_choice(page: Page) -> None:
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Report").click()
    expect(page.get_by_role("heading", name="Report", level=1)).to_be_visible()
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()
    expect(page.get_by_role("link", name="Train")).not_to_be_in_viewport()


@pytest.mark.slow
@pytest.mark.parametrize("window", [PHONE])
def test_a_phone_offers_its_camera(page: Page) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Camera").tap()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files({"name": "photo.png", "mimeType": "image/png", "buffer": picture(5, "white", "black")})
    expect_reading(page, 5)


def test_a_tap_on_a_box_chooses_its_digit_and_a_number_key_corrects_it(page: Page, project: Path) -> None:
    handwriting = Handwriting(project / "handwriting.sqlite")
    before = {drawing.key for drawing in handwriting.drawings()}
    draw(page, number(2, 0, 6))
    expect_reading(page, 206)
    for place, digit in ((2, 6), (0, 2), (1, 0)):
        box = page.get_by_role("radio").nth(place)
        page.mouse.click(*on_screen(page, [[(100 / 6 + 100 / 3 * place, 50)]])[0][0])
        expect(box).to_be_checked()
        expect(page.get_by_role("img", name=f"Probabilities: {digit}")).to_be_visible()
    expect_reading(page, 206)  # the taps drew nothing
    page.get_by_role("radio").nth(1).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("img", name="Probabilities: 6")).to_be_visible()
    open_page(page, "Look inside")
    expect(page.locator(".st-key-answer")).to_contain_text("Read as 6,")
    open_page(page, "Draw")
    expect_reading(page, 206)
    page.keyboard.press("Control+9")  # another program's key
    page.keyboard.press("8")
    expect(page.get_by_text("Kept as 8.")).to_be_visible()
    page.get_by_role("combobox").focus()
    page.keyboard.type("9")
    page.keyboard.press("Escape")
    kept = [drawing.truth for drawing in handwriting.drawings() if drawing.key not in before]
    assert kept == [8]


@pytest.mark.slow
def test_a_digit_is_corrected_before_its_choice_was_answered(page: Page, project: Path) -> None:
    handwriting = Handwriting(project / "handwriting.sqlite")
    before = {drawing.key for drawing in handwriting.drawings()}
    draw(page, number(2, 0, 6, 4))
    expect_reading(page, 2064)
    for place, truth in ((0, "7"), (2, "5")):
        page.locator(".truth").evaluate(
            """(row, [place, truth]) => {
                row.querySelectorAll("input")[place].click();
                row.querySelector(`button[value="${truth}"]`).click();
            }""",
            [place, truth],
        )
        expect(page.get_by_text(f"Kept as {truth}.")).to_be_visible()
    on_pad = on_screen(page, [[(37.5, 50)]])[0][0]
    page.mouse.click(*on_pad)
    page.keyboard.press("9")
    expect(page.get_by_text("Kept as 9.")).to_be_visible()
    kept = {drawing.answer: drawing.truth for drawing in handwriting.drawings() if drawing.key not in before}
    assert kept == {2: 7, 6: 5, 0: 9}


@pytest.mark.slow
def test_nothing_jumps_when_digits_are_added(page: Page) -> None:
    def places() -> list[Any]:
        return [page.get_by_role("button", name=name, exact=True).bounding_box() for name in ("Clear", "no digit")] + [
            page.get_by_role("img", name="Probabilities").bounding_box()
        ]

    draw(page, number(2))
    expect_reading(page, "2[^0-9]")
    one = places()
    for several in ((2, 0), (2, 0, 6)):
        press(page, "Clear")
        draw(page, number(*several))
        expect_reading(page, "20")
        assert places() == one


def tap(page: Page, button: str) -> None:
    """A finger's tap, at once: Playwright's own waits until the button has been still."""
    box = page.get_by_role("button", name=button, exact=True).bounding_box()
    assert box is not None
    touch(page, [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)])


def touch(page: Page, stroke: list[tuple[float, float]]) -> None:
    finger = page.context.new_cdp_session(page)
    for kind, (x, y) in [("touchStart", stroke[0]), *[("touchMove", point) for point in stroke[1:]]]:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("window", [PHONE])
def test_a_tap_just_after_the_finger_left_the_pad_is_not_lost(page: Page) -> None:
    """Chromium gives such a tap no click."""
    blank = ink(page)
    for wait in (0, 100, 200, 300, 500):
        touch(page, on_screen(page, DIGITS[2])[0])
        page.wait_for_timeout(wait)
        tap(page, "Undo" if wait == 200 else "Clear")
        expect_no_reading(page)
        assert ink(page) == blank
    tap(page, "Undo")  # once for each tap: the last clearing alone is taken back
    expect_reading(page, 2)


@pytest.mark.slow
@pytest.mark.parametrize("window", [PHONE])
def test_a_finger_chooses_a_digit_by_its_box(page: Page) -> None:
    for stroke in on_screen(page, number(2, 0)):
        touch(page, stroke)
    expect_reading(page, 20)
    for place, digit in ((1, 0), (0, 2)):
        touch(page, on_screen(page, [[(25 + 50 * place, 50)]])[0])
        expect(page.get_by_role("img", name=f"Probabilities: {digit}")).to_be_visible()
    expect_reading(page, 20)


@pytest.mark.slow
def test_buttons_that_would_do_nothing_are_disabled(page: Page) -> None:
    def enabled() -> list[str]:
        names = ("Undo", "Redo", "Clear", "Save a picture")
        return [name for name in names if page.get_by_role("button", name=name, exact=True).is_enabled()]

    assert enabled() == []
    draw(page, DIGITS[7])
    assert enabled() == ["Undo", "Clear", "Save a picture"]
    press(page, "Undo")
    assert enabled() == ["Redo"]
    press(page, "Redo")
    press(page, "Clear")
    assert enabled() == ["Undo"]


@pytest.mark.slow
def test_the_reading_is_saved_as_a_picture(page: Page, tmp_path: Path) -> None:
    draw(page, number(2, 0))
    expect_reading(page, 20)
    with page.expect_download() as download:
        press(page, "Save a picture")
    image = Image.open(download.value.path()).convert("RGB")
    assert download.value.suggested_filename == "reading.png"
    assert image.width == 1000
    assert image.height > 1050  # below the pad's square stands what was read
    colours = {colour for _, colour in image.getcolors(10**6) or []}
    assert {(0, 0, 0), (255, 255, 255), (0x1C, 0x63, 0xC1)} <= colours  # ink, paper and boxes
    below = np.asarray(image)[1000:]
    assert (below < 128).any()


@pytest.mark.slow
@pytest.mark.parametrize("window", [{"viewport": {"width": 1366, "height": 657}}])
def test_a_laptops_first_screen_holds_pad_and_buttons_and_little_above(page: Page) -> None:
    for name in ("Undo", "Clear", "Upload a picture"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 657
    title = page.get_by_role("heading", name="Draw a number").bounding_box()
    assert title is not None
    assert title["y"] < 60


def test_other_hosts_and_addresses_are_refused(app_url: str) -> None:
    """The server listens at this computer's own address only, and answers to no other name: see DNS rebinding."""
    port = int(app_url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)
    assert handshake(port, f"localhost:{port}") == 101
    assert handshake(port, f"evil.example:{port}") == 403


def handshake(port: int, host: str) -> int:
    """The status with which the server answers a browser that opens a WebSocket under the name `host`."""
    request = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall("\r\n".join([*request, "", ""]).encode())
        return int(connection.recv(100).split()[1])
