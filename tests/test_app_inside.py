"""The Look inside page, run without a browser."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.charts.signed_numbers import (
    ABOVE,
    BELOW,
    as_maps,
    maps_table,
    over_ink,
    product_table,
    row_length,
    signed_picture,
)
from app.components.inside.sum_panel import LARGEST_PRODUCTS, show_products
from app.components.number_maps import Cell, cell_of, frame, index_of, is_cell
from app.components.weights_picker import load_classifier
from data.ink import strokes_to_image
from model import save_network
from model.architectures import ARCHITECTURES, build_network
from model.backward_pass import backward_pass
from model.cell_sums import format_number, layer_outputs
from model.classifier import DigitClassifier
from model.error_sums import format_error
from model.images import images_to_input
from model.saliency import change_until

PAGE = Path(__file__).parents[1] / "app" / "pages" / "inside.py"
STROKE = [[300, 200], [700, 200], [500, 500], [400, 900]]
SOME_ARCHITECTURES = [  # together they have every kind of layer; the others take long
    pytest.param(name, marks=[] if name in ("article", "tiny") else [pytest.mark.slow]) for name in ARCHITECTURES
]
SEVEN = {"revision": 3, "strokes": [STROKE]}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, where the page looks for weights."""
    monkeypatch.setattr("app.components.weights_picker.ROOT", tmp_path)
    monkeypatch.setattr("app.components.weights_picker.PRETRAINED", tmp_path / "model" / "pretrained")
    return tmp_path


@pytest.fixture
def weights(root: Path) -> Path:
    return write(root, "model/pretrained/quick.npz", "quick")


@pytest.fixture
def page(weights: Path) -> AppTest:
    page = run(AppTest.from_file(PAGE))
    page.session_state["pad"] = {"drawing": SEVEN}
    return run(page)


def write(root: Path, name: str, architecture: str) -> Path:
    """Untrained weights, with a temperature; however unlikely, each answer is given."""
    network = build_network(architecture, np.random.default_rng(0))
    save_network(root / name, network, {"temperature": 0.5, "unsure_below": 0.0})
    return root / name


def run(page: AppTest) -> AppTest:
    page.run(timeout=30)
    assert not page.exception
    return page


def choose_step(page: AppTest, step: int) -> AppTest:
    page.session_state["step"] = step
    return run(page)


def strip(page: AppTest) -> list[dict[str, str]]:
    """The steps of the strip: their names, details and thumbnails."""
    steps: list[dict[str, str]] = component(page, "strip")["steps"]
    return steps


def component(page: AppTest, key: str) -> dict[str, Any]:
    """What the page gave to one of our components."""
    (found,) = (element.proto.json for element in page.get("bidi_component") if element.proto.id.endswith(f"-{key}"))
    data: dict[str, Any] = json.loads(found)
    return data


def equation(page: AppTest) -> str:
    """The sum that is shown."""
    (found,) = (html.proto.body for html in page.html if "<b>" in html.proto.body)
    return found.removesuffix("</p>")


def text(page: AppTest) -> str:
    return "\n".join(element.value for element in page.markdown)


def seen(weights: Path) -> tuple[DigitClassifier, np.ndarray]:
    """The network, and the seven as it sees it: uint8 `(1, 28, 28)`."""
    image = strokes_to_image([np.array(STROKE)])
    assert image is not None
    return DigitClassifier.load(weights), image[np.newaxis]


def test_a_blank_pad_offers_an_example(weights: Path) -> None:
    page = run(AppTest.from_file(PAGE))
    assert "The pad is blank" in text(page)
    assert "Read as **" in text(page)
    page.session_state["pad"] = {"drawing": SEVEN}
    assert "The pad is blank" not in text(run(page))


def test_the_drawing_of_the_draw_page_is_shown(weights: Path) -> None:
    page = AppTest.from_file(PAGE)
    page.session_state["kept_drawing"] = SEVEN
    classifier, image = seen(weights)
    assert f"Read as **{classifier.predict(image)[0]}**" in text(run(page))


@pytest.mark.parametrize("message", ["rubbish", {"strokes": [[["a", 1]]]}])
def test_an_invalid_message_is_refused_with_an_error_message(page: AppTest, message: Any) -> None:
    page.session_state["pad"] = {"drawing": message}
    assert "reload the page" in run(page).error[0].value
    assert "The pad is blank" not in text(page)


@pytest.mark.parametrize("architecture", SOME_ARCHITECTURES)
def test_each_layer_shows_its_shape_its_formula_and_a_sum(root: Path, architecture: str) -> None:
    weights = write(root, "model/pretrained/some.npz", architecture)
    classifier, image = seen(weights)
    arrays = [images_to_input(image), *layer_outputs(classifier.network, images_to_input(image))]
    page = AppTest.from_file(PAGE)
    page.session_state["kept_drawing"] = SEVEN
    run(page)
    steps = strip(page)
    assert len(steps) == len(arrays) + 1
    for step, array in enumerate(arrays):
        choose_step(page, step)
        assert steps[step]["detail"] == " × ".join(map(str, array.shape[1:]))
        assert "$" in text(page)
        index = np.unravel_index(np.abs(array[0]).argmax(), array.shape[1:])
        assert f"[{', '.join(map(str, index))}]</b>" in equation(page)
        assert format_number(array[0][index]) in equation(page)
    choose_step(page, len(arrays))
    probabilities = classifier.predict_proba(image)[0]
    assert equation(page).endswith(f"= {probabilities.max():.4f}")


def test_a_chosen_number_stays_chosen_when_the_drawing_changes(page: AppTest, weights: Path) -> None:
    page.session_state["cells"] = {"output 1": (3, 4, 5)}
    classifier, image = seen(weights)
    output = layer_outputs(classifier.network, images_to_input(image))[0]
    assert "Y[3, 4, 5]" in equation(run(page))
    assert equation(page).endswith(f"= {format_number(output[0, 3, 4, 5])}")
    page.session_state["pad"] = {"drawing": {"revision": 4, "strokes": []}}
    assert "Y[3, 4, 5]" in equation(run(page))


def test_the_map_of_the_input_can_be_chosen(page: AppTest) -> None:
    choose_step(page, 5)
    page.session_state["cells"] = {"input 5": (0, 0, 9)}
    run(page)
    assert any("x · w in map 9" in html.proto.body for html in page.html)


def test_a_neuron_shows_its_largest_products(page: AppTest) -> None:
    choose_step(page, 10)
    (table,) = (html.proto.body for html in page.html if "The largest products" in html.proto.body)
    assert table.count("<tr>") == 1 + LARGEST_PRODUCTS + 2
    assert f">the other {800 - LARGEST_PRODUCTS}<" in table
    assert ">bias b<" in table


def test_another_network_can_be_chosen(page: AppTest, root: Path, weights: Path) -> None:
    choose_step(page, 13)
    page.session_state["cells"] = {"output 1": (3, 4, 5), "output 5": (9, 9, 31)}
    other = write(root, "runs/other/weights.npz", "article")
    run(page)
    page.sidebar.selectbox[0].set_value(other)
    run(page)
    assert len(strip(page)) == 9
    assert strip(page)[-1]["name"] == "Probabilities"
    for step in range(9):  # what was chosen in the network before is passed over where there is no such cell
        choose_step(page, step)
    page.sidebar.selectbox[0].set_value(weights)
    assert "Y[9, 9, 31]" in equation(choose_step(run(page), 5))


def test_another_answer_is_asked_for_and_shown(page: AppTest, weights: Path) -> None:
    classifier, image = seen(weights)
    answer, second = np.argsort(classifier.predict_proba(image)[0])[:-3:-1]
    assert radio(page, "Another answer").value == second
    assert str(answer) not in radio(page, "Another answer").options
    other = next(digit for digit in range(10) if digit not in (answer, second))
    radio(page, "Another answer").set_value(other)
    run(page)
    assert f"more ink makes a {other} likelier" in text(page)
    change = change_until(classifier, image[0], other)
    assert f"Read as **{change.probabilities.argmax()}**" in page.markdown[-1].value
    assert (f"do not turn it into a {other}" in text(page)) == (change.probabilities.argmax() != other)
    pictures = [html.proto.body for html in page.html if "<img" in html.proto.body]
    assert len(set(pictures)) == 4


def test_results_of_other_weights_are_not_shown(page: AppTest, root: Path, weights: Path) -> None:
    path = root / "runs/other/weights.npz"
    save_network(path, build_network("quick", np.random.default_rng(1)), {"temperature": 0.5, "unsure_below": 0.0})
    answers = [seen(each)[0].predict(seen(each)[1])[0] for each in (weights, path)]
    digit = next(digit for digit in range(10) if digit not in answers)
    shown = []
    for each in (weights, path, weights):
        run(page)
        page.sidebar.selectbox[0].set_value(each)
        run(page)
        radio(page, "Another answer").set_value(digit)
        run(page)
        shown.append([html.proto.body for html in page.html if "<img" in html.proto.body][1])
    assert shown[0] == shown[2] != shown[1]


def test_without_weights_the_page_names_the_training_command(root: Path) -> None:
    assert "`make train`" in run(AppTest.from_file(PAGE)).info[0].value


@pytest.mark.parametrize(
    ("size", "length"), [(10, 10), (16, 16), (100, 10), (128, 16), (676, 26), (800, 32), (101, 101)]
)
def test_many_numbers_are_shown_in_rows(size: int, length: int) -> None:
    assert row_length(size) == length
    assert as_maps(np.zeros(size)).shape == (size // length, length, 1)


@pytest.mark.parametrize(("shape", "index"), [((5, 6, 3), (4, 5, 2)), ((128,), (95,)), ((10,), (7,))])
def test_a_cell_and_its_index_are_the_same_number(shape: tuple[int, ...], index: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape)).reshape(shape)
    cell = cell_of(shape, index)
    assert as_maps(values)[cell] == values[index]
    assert index_of(shape, cell) == index


@pytest.mark.parametrize(
    "choice",
    [None, "abc", [1, 2], [1, 2, 3, 4], [0, 0, 3], [-1, 0, 0], [0.5, 0, 0], [True, 0, 0], ["0", 0, 0], [5, 0, 0]],
)
def test_an_invalid_cell_is_refused(choice: object) -> None:
    assert is_cell([4, 5, 2], (5, 6, 3))
    assert not is_cell(choice, (5, 6, 3))


def test_a_frame_goes_around_the_region() -> None:
    assert frame((12, 12, 16), (slice(3, 6), slice(4, 7), slice(None))) == [3, 4, 3, 3]
    assert frame((128,), (slice(95, 96),)) == [5, 15, 1, 1]
    assert frame((128,), (slice(None),)) is None
    assert frame((5, 5, 2), (slice(None), slice(None), slice(1, 2))) is None


def test_colours_show_sign_and_size() -> None:
    picture = signed_picture([[2.0, -1.0, 0.0]])
    assert picture[0].tolist() == [[*ABOVE, 255], [*BELOW, 128], [*ABOVE, 0]]
    assert not signed_picture(np.zeros((2, 2)))[..., 3].any()
    ink = np.zeros((28, 28), np.uint8)
    ink[0] = 255
    values = np.zeros((28, 28))
    values[:, 0] = -1
    both = over_ink(ink, values)
    assert both[0, 0].tolist() == both[5, 0].tolist() == [*BELOW, 255]
    assert both[0, 5].tolist() == [128, 128, 128, 102]
    assert both[5, 5, 3] == 0


def test_a_table_frames_the_chosen_map() -> None:
    table = maps_table(np.array([1.0, -2.0, *[0.5] * 8]), "numbers", chosen=1)
    assert table.count("<td") == 16  # two rows of eight
    assert table.index("1.000") < table.index("outline: ") < table.index("−2.000")
    assert table.count("outline: ") == 1


@pytest.mark.parametrize(("depth", "framed"), [(7, True), (12, False)])
def test_of_many_maps_the_largest_sums_are_shown_and_the_sum_of_the_others(
    depth: int, framed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("app.components.inside.sum_panel.st.html", shown.append)
    values = np.where(np.arange(64) % 4 == 3, np.arange(64.0), 0.125).reshape(1, 1, 64)
    show_products(values, np.ones_like(values), ("x", "w"), depth)
    cells = re.findall(r"<small>(map \d+|others)</small><br>([\d.]+)<", shown[-1])
    largest = list(range(7, 64, 4))
    # Of 16 maps with large sums one is left out, the smallest: 3. With 48 maps of an eighth that makes 9.
    assert cells == [*((f"map {i}", f"{i}.000") for i in largest), ("others", "9.000")]
    assert ("outline: " in shown[-1]) == framed


def test_a_product_stands_under_its_factors() -> None:
    table = product_table([[2.0, 0.5]], [[-3.0, 4.0]], "products")
    assert "2.00 · −3.00</small><br>−6.000<" in table
    assert "0.50 · 4.00</small><br>2.000<" in table


def test_one_digit_of_a_number_is_shown_and_another_can_be_chosen(weights: Path) -> None:
    two = [[[x / 3, y] for x, y in STROKE], [[800, 200], [780, 900]]]
    page = AppTest.from_file(PAGE)
    page.session_state["pad"] = {"drawing": {"revision": 1, "strokes": two}}
    run(page)
    radio(page, "Digit").set_value(0)
    first = strip(run(page))
    radio(page, "Digit").set_value(1)
    assert strip(run(page))[0]["picture"] != first[0]["picture"]


def test_the_first_step_is_the_pad(page: AppTest) -> None:
    page.session_state["kept_drawing"] = SEVEN
    assert component(choose_step(page, 0), "pad")["strokes"] == [STROKE]


def test_a_refused_drawing_is_refused_here_too(root: Path) -> None:
    network = build_network("quick", np.random.default_rng(0))
    save_network(root / "model/pretrained/some.npz", network, {"no_digit_below": 1e6})
    page = AppTest.from_file(PAGE)
    page.session_state["kept_drawing"] = SEVEN
    assert "**This does not look like a digit**; closest digit: " in text(run(page))
    assert "Read as" not in text(page)


def test_an_unsure_answer_names_both_digits(root: Path) -> None:
    save_network(
        root / "model/pretrained/some.npz", build_network("quick", np.random.default_rng(0)), {"unsure_below": 1.0}
    )
    page = AppTest.from_file(PAGE)
    page.session_state["kept_drawing"] = SEVEN
    assert "**Unsure: " in text(run(page))
    assert "Read as" not in text(page)


def backward(page: AppTest, digit: int | None = None, step: int = 0) -> AppTest:
    """The backward pass for a digit; by default for the one that was read."""
    page.session_state["direction"] = "Backward"
    page.session_state["step back"] = step
    run(page)
    if digit is not None:
        truth(page).set_value(digit)
        run(page)
    return page


def truth(page: AppTest) -> Any:
    return radio(page, "It was a")


def radio(page: AppTest, label: str) -> Any:
    (control,) = (control for control in page.radio if control.label == label)
    return control


@pytest.mark.parametrize("architecture", SOME_ARCHITECTURES)
def test_each_layer_shows_its_errors_and_a_sum(root: Path, architecture: str) -> None:
    weights = write(root, "model/pretrained/some.npz", architecture)
    classifier, image = seen(weights)
    digit = (int(classifier.predict(image)[0]) + 1) % 10
    expected = backward_pass(classifier.network, images_to_input(image), digit, classifier.temperature)
    page = AppTest.from_file(PAGE)
    page.session_state["kept_drawing"] = SEVEN
    backward(page, digit)
    assert f"= {format_error(expected.loss)}" in text(page)
    steps = component(page, "strip back")["steps"]
    assert [step["name"] for step in steps[:1] + steps[-1:]] == ["Loss E", "The step"]
    for step, error in enumerate(reversed(expected.errors)):
        backward(page, step=step)
        assert steps[step]["detail"] == " × ".join(map(str, error.shape))
        index = np.unravel_index(np.abs(error).argmax(), error.shape)
        assert f"[{', '.join(map(str, index))}]</b>" in equation(page)
        assert equation(page).endswith(format_error(float(error[index])))


@pytest.mark.parametrize(("layer", "parameter", "cell", "index", "symbol"), [
    (0, "weights", (1, 2, 3), (1, 2, 0, 3), "∂E/∂W"),
    (0, "bias", (0, 5, 0), (5,), "∂E/∂B"),
    (2, "scale", (0, 4, 0), (4,), "∂E/∂scale"),
    (2, "shift", (0, 4, 0), (4,), "∂E/∂shift"),
    (12, "weights", (1, 2, 0), (18, 8), "∂E/∂W"),
    (12, "bias", (0, 6, 0), (0, 6), "∂E/∂B"),
])  # fmt: skip
def test_the_gradient_of_a_parameter_is_explained(
    page: AppTest, weights: Path, layer: int, parameter: str, cell: Cell, index: tuple[int, ...], symbol: str
) -> None:
    classifier, image = seen(weights)
    page.session_state["cells"] = {f"error {layer} gradient": cell, f"error {layer} output": (0, 8, 0)}
    page.session_state["explained"] = {layer: "gradient"}
    page.session_state[f"error {layer} parameter"] = parameter
    backward(page, 5, len(classifier.network.layers) - layer)
    expected = backward_pass(classifier.network, images_to_input(image), 5, classifier.temperature)
    value = format_error(float(expected.gradients[layer][parameter][index]))
    assert f"<b>{symbol}[{', '.join(map(str, index))}]</b>" in equation(page)
    assert equation(page).endswith(value)


def press(page: AppTest, name: str) -> AppTest:
    (button,) = (button for button in page.button if button.label == name)
    button.click()
    return run(page)


def losses(page: AppTest) -> list[str]:
    """E before the steps and after them."""
    return [re.sub(".*E = ", "", line) for line in text(page).splitlines() if line.startswith(("Before", "After"))]


def test_steps_are_taken_and_taken_back_on_a_copy(page: AppTest, weights: Path) -> None:
    network = load_classifier(weights, weights.stat().st_mtime_ns).network
    before = {name: array.copy() for name, array in network.arrays().items()}
    backward(page, 5, len(network.layers) + 1)
    first, same = losses(page)
    assert first == same
    lesson = press(press(page, "Take this step"), "Step again").session_state["lesson"]
    assert lesson.losses[0] > lesson.losses[1] > lesson.losses[2]
    assert losses(page) == [first, format_error(lesson.losses[2])]
    assert lesson.network is not network
    assert all(np.array_equal(array, before[name]) for name, array in network.arrays().items())
    classifier, image = seen(weights)
    assert f"Read as **{classifier.predict(image)[0]}**" in text(page)

    backward(page, step=1)  # the strip shows the errors of the copy
    errors = lesson.backward.errors[-2]
    assert equation(page).endswith(format_error(float(errors[np.abs(errors).argmax()])))
    backward(page, step=len(network.layers) + 1)
    assert losses(press(page, "One step back")) == [first, format_error(lesson.losses[1])]
    assert losses(press(page, "Start over")) == [first, first]


def test_another_digit_begins_anew(page: AppTest) -> None:
    backward(page, 5, 99)
    press(page, "Take this step")
    truth(page).set_value(6)
    first, last = losses(run(page))
    assert first == last


def test_a_step_that_overflows_is_refused(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.components.inside.learning.RATES", [0.01, math.inf])
    backward(page, 5, 99)
    page.main.selectbox[0].set_value(math.inf)
    run(page)
    first, last = losses(press(page, "Take this step"))
    assert "too long" in page.error[0].value
    assert first == last
