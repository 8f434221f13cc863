"""The Look inside page, run without a browser."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.charts.signed_numbers import ABOVE, BELOW, number_table, over_ink, signed_picture
from app.components.number_maps import as_maps, cell_of, frame, index_of, is_cell, row_length
from data.ink import strokes_to_image
from model import save_network
from model.architectures import build_network
from model.cell_sums import format_number, layer_outputs
from model.classifier import DigitClassifier
from model.images import images_to_input
from model.saliency import change_until

PAGE = Path(__file__).parents[1] / "app" / "pages" / "inside.py"
STROKE = [[300, 200], [700, 200], [500, 500], [400, 900]]
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
    """Untrained weights, but for a temperature."""
    save_network(root / name, build_network(architecture, np.random.default_rng(0)), {"temperature": 0.5})
    return root / name


def run(page: AppTest) -> AppTest:
    page.run(timeout=30)
    assert not page.exception
    return page


def choose_step(page: AppTest, step: int) -> AppTest:
    page.radio[0].set_value(step)
    return run(page)


def equation(page: AppTest) -> str:
    """The sum that is shown."""
    (found,) = (html.proto.body for html in page.html if "<b>" in html.proto.body)
    return found


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


@pytest.mark.parametrize("architecture", ["article", "quick", "best"])
def test_each_layer_shows_its_shape_its_formula_and_a_sum(root: Path, architecture: str) -> None:
    weights = write(root, "model/pretrained/some.npz", architecture)
    classifier, image = seen(weights)
    arrays = [images_to_input(image), *layer_outputs(classifier.network, images_to_input(image))]
    page = AppTest.from_file(PAGE)
    page.session_state["kept_drawing"] = SEVEN
    run(page)
    assert len(page.radio[0].options) == len(arrays) + 1
    for step, array in enumerate(arrays):
        choose_step(page, step)
        assert page.radio[0].options[step].endswith(f" · {' × '.join(map(str, array.shape[1:]))}")
        assert "$" in text(page)
        index = np.unravel_index(array[0].argmax(), array.shape[1:])
        assert f"[{', '.join(map(str, index))}]</b>" in equation(page)
        assert format_number(array.max()) in equation(page)
    choose_step(page, len(arrays))
    probabilities = classifier.predict_proba(image)[0]
    assert f"= {probabilities.max():.4f}</p>" in equation(page)


def test_a_chosen_number_stays_chosen_when_the_drawing_changes(page: AppTest, weights: Path) -> None:
    page.session_state["cells"] = {1: (3, 4, 5)}
    classifier, image = seen(weights)
    output = layer_outputs(classifier.network, images_to_input(image))[0]
    assert "Y[3, 4, 5]" in equation(run(page))
    assert equation(page).endswith(f"= {format_number(output[0, 3, 4, 5])}</p>")
    page.session_state["pad"] = {"drawing": {"revision": 4, "strokes": []}}
    assert "Y[3, 4, 5]" in equation(run(page))


def test_the_map_of_the_input_can_be_chosen(page: AppTest) -> None:
    choose_step(page, 5)
    page.session_state["sources"] = {5: 9}
    run(page)
    assert any("w, map 9" in html.proto.body for html in page.html)


def test_a_neuron_shows_its_largest_products(page: AppTest) -> None:
    choose_step(page, 10)
    table = page.table[0].value
    assert len(table) == 14
    assert table.iloc[12, 0] == "the other 788"
    assert table.iloc[13, 0] == "bias b"


def test_another_network_can_be_chosen(page: AppTest, root: Path, weights: Path) -> None:
    choose_step(page, 13)
    page.session_state["cells"] = {1: (3, 4, 5), 5: (9, 9, 31)}
    other = write(root, "runs/other/weights.npz", "article")
    run(page)
    page.sidebar.selectbox[0].set_value(other)
    run(page)
    assert page.radio[0].options[-1].startswith("8 Probabilities")
    for step in range(9):  # what was chosen in the network before is passed over where there is no such cell
        choose_step(page, step)
    page.sidebar.selectbox[0].set_value(weights)
    assert "Y[9, 9, 31]" in equation(choose_step(run(page), 5))


def test_another_answer_is_asked_for_and_shown(page: AppTest, weights: Path) -> None:
    classifier, image = seen(weights)
    answer, second = np.argsort(classifier.predict_proba(image)[0])[:-3:-1]
    assert page.radio[1].label == f"Instead of {answer}"
    assert page.radio[1].value == second
    assert str(answer) not in page.radio[1].options
    other = next(digit for digit in range(10) if digit not in (answer, second))
    page.radio[1].set_value(other)
    run(page)
    assert f"more ink makes a {other} likelier" in text(page)
    change = change_until(classifier, image[0], other)
    assert f"Read as **{change.probabilities.argmax()}**" in page.markdown[-1].value
    assert (f"do not turn it into a {other}" in text(page)) == (change.probabilities.argmax() != other)
    pictures = [html.proto.body for html in page.html if "<img" in html.proto.body]
    assert len(set(pictures)) == 4


def test_results_of_other_weights_are_not_shown(page: AppTest, root: Path, weights: Path) -> None:
    path = root / "runs/other/weights.npz"
    save_network(path, build_network("quick", np.random.default_rng(1)), {"temperature": 0.5})
    answers = [seen(each)[0].predict(seen(each)[1])[0] for each in (weights, path)]
    digit = next(digit for digit in range(10) if digit not in answers)
    shown = []
    for each in (weights, path, weights):
        run(page)
        page.sidebar.selectbox[0].set_value(each)
        run(page)
        page.radio[1].set_value(digit)
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


def test_a_table_frames_the_chosen_number() -> None:
    table = number_table([[1.0, -2.0], [3.0, 4.0]], "numbers", chosen=2)
    assert table.count("<td") == 4
    assert "−2.000" in table
    assert table.index("outline") < table.index("3.000") < table.index("4.000")
    assert table.count("outline: ") == 1


def test_one_digit_of_a_number_is_shown_and_another_can_be_chosen(weights: Path) -> None:
    two = [[[x / 3, y] for x, y in STROKE], [[800, 200], [780, 900]]]
    page = AppTest.from_file(PAGE)
    page.session_state["pad"] = {"drawing": {"revision": 1, "strokes": two}}
    run(page)
    page.radio[0].set_value(0)
    first = equation(run(page))
    page.radio[0].set_value(1)
    assert equation(run(page)) != first
