"""The Train page without a browser: no run, runs in each state, and the buttons."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.charts.training import curves, watched_digits
from app.components import weights_picker
from tests.tiny_report import save_always_three, save_history
from training.pictures import to_png
from training.recipes import RECIPES
from training.runs import run as runs_module
from training.runs.lock import locked
from training.runs.progress import WatchedDigit
from training.runs.run import LOCK, RunError, list_runs, read_run, stop

PAGE = Path(__file__).parents[1] / "app" / "pages" / "train.py"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty project folder; its trainings end with the test."""
    monkeypatch.setattr(weights_picker, "ROOT", tmp_path)
    yield tmp_path
    for lock in tmp_path.glob(f"runs/*/{LOCK}"):
        stop(tmp_path, lock.parent.name)


def make_run(root: Path, name: str, **progress: Any) -> Path:
    """A run that was paused in the middle of its third epoch of four."""
    folder = root / "runs" / name
    folder.mkdir(parents=True)
    (folder / "checkpoint.npz").touch()
    save_history(folder / "history.csv")
    picture = b64encode(to_png(np.eye(28, dtype=np.uint8) * 255)).decode()
    content = {
        "format": 1,
        "about": {"recipe": "quick", "dataset": "digits", "seed": 7, "threads": 2},
        **{"epochs": 4, "steps": 10, "epoch": 2, "step": 5, "loss": 0.25, "accuracy": 0.75},
        **{"seconds": 61.0, "seconds_left": 40.0},
        "digits": [
            {"index": 1, "truth": 4, "picture": picture, "probabilities": [0.0] * 9 + [1.0]},
            {"index": 2, "truth": 9, "picture": picture, "probabilities": [0.1] * 9 + [0.7]},
        ],
    }
    (folder / "progress.json").write_text(json.dumps(content | progress))
    return folder


def opened() -> AppTest:
    return checked(AppTest.from_file(PAGE, default_timeout=150).run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def press(page: AppTest, button: str) -> AppTest:
    return checked(next(each for each in page.button if each.label == button).click().run())


def buttons(page: AppTest) -> dict[str, bool]:
    """The page's buttons, and whether they can be pressed."""
    return {button.label: not button.disabled for button in page.button}


def bar(page: AppTest) -> tuple[int, str]:
    (element,) = page.get("progress")
    return element.proto.value, element.proto.text


def shown(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.warning, page.error, page.info)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_without_a_run_the_page_asks_for_one(root: Path) -> None:
    page = opened()
    assert "There is no run yet." in page.info[0].value
    assert buttons(page) == {"Start training": True}
    assert [page.text_input[0].value, page.number_input[0].value] == ["quick", RECIPES["quick"].epochs]
    checked(page.selectbox(key="recipe").set_value("article").run())
    assert [page.text_input[0].value, page.number_input[0].value] == ["article", RECIPES["article"].epochs]


def test_a_paused_run_shows_its_progress(root: Path) -> None:
    make_run(root, "mine")
    page = opened()
    assert bar(page)[0] == 62  # 2.5 of 4 epochs
    assert "stopped after 1 min 1 s" in bar(page)[1]
    assert buttons(page) == {"Start training": True, "Resume": True}
    metrics = {metric.label: metric.value for metric in page.metric}
    assert metrics == {"Training loss": "0.25", "Validation loss": "0.5", "Validation accuracy": "50.00 %"}
    assert "recipe quick, dataset digits, seed 7, threads 2" in shown(page)
    assert len(page.get("vega_lite_chart")) == 2
    digits = page.html[0].proto.body
    assert digits.index("9</span> over 99 %<br>✗ it is a 4") < digits.index("9</span> 70 %<br>✓ right")


def test_a_running_run_comes_first_and_is_the_only_one(root: Path) -> None:
    make_run(root, "idle")
    with locked(make_run(root, "busy") / LOCK):
        page = opened()
        assert page.selectbox(key="run").value == "busy"
        assert bar(page)[1] == "Epoch 3 of 4, step 5 of 10; 40 s left"
        assert buttons(page) == {"Start training": False, "Stop training": True}
        checked(page.selectbox(key="run").set_value("idle").run())
        assert buttons(page) == {"Start training": False, "Resume": False}
    assert buttons(checked(page.run())) == {"Start training": True, "Resume": True}


def test_a_run_that_still_fetches_its_data(root: Path) -> None:
    folder = root / "runs" / "new"
    folder.mkdir(parents=True)
    (folder / "log.txt").touch()
    with locked(folder / LOCK):
        assert "Loading the data." in shown(opened())
    page = opened()
    assert "start it again under the same name" in shown(page)
    assert buttons(page) == {"Start training": True}


def test_a_finished_run_points_to_its_weights(root: Path) -> None:
    folder = make_run(root, "mine", epoch=4, step=0, loss=0.0)
    save_always_three(folder / "weights.npz")
    page = opened()
    assert bar(page)[0] == 100
    assert bar(page)[1].startswith("Trained in 1 min 1 s; you can choose its weights")
    assert buttons(page) == {"Start training": True}
    assert next(metric.value for metric in page.metric) == "0.5"  # its last epoch's, as none is under way


def test_a_failed_run_says_why(root: Path) -> None:
    (make_run(root, "mine") / "log.txt").write_text("epoch 1/4\rerror: the loss is not finite: try a smaller [rate](x)")
    page = opened()
    assert r"mine failed\: the loss is not finite\: try a smaller \[rate\]\(x\)" in page.error[0].value
    assert buttons(page)["Resume"]


def test_damaged_files_are_reported_and_the_page_still_works(root: Path) -> None:
    folder = make_run(root, "mine")
    (folder / "progress.json").write_text("{")
    (folder / "history.csv").write_text("epoch\n1\n")
    page = opened()
    assert len(page.warning) == 2
    assert not page.get("vega_lite_chart")
    assert buttons(page)["Resume"]


def test_names_from_files_are_no_markdown(root: Path) -> None:
    make_run(root, "mine", about={"recipe": "![](https://example.org/x.png)"})
    assert "![](" not in shown(opened())


def test_a_name_that_is_taken_is_refused(root: Path) -> None:
    make_run(root, "mine")
    page = opened()
    page.text_input[0].set_value("mine")
    page = press(page, "Start training")
    assert page.error[0].value == r"Starting mine failed\: there is a run named mine\: choose another name."


def test_two_visitors_who_press_start_start_one_run(root: Path) -> None:
    pages = [opened(), opened()]
    for page in pages:
        page.selectbox(key="dataset").set_value("digits")
        page.number_input[0].set_value(900)
    first, second = (press(page, "Start training") for page in pages)
    for page in (first, second):
        assert not page.error
        assert buttons(page) == {"Start training": False, "Stop training": True}
    assert [(run.name, run.state) for run in list_runs(root / "runs")] == [("quick", "running")]
    assert first.selectbox(key="run").value == "quick"
    first = press(first, "Stop training")
    assert read_run(root / "runs" / "quick").state != "running"
    assert "Stop training" not in buttons(first)


def test_resume_asks_for_the_run_that_is_shown(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(folder: Path, name: str, options: list[str]) -> None:
        raise RunError(f"{name} {options} *not* today")

    monkeypatch.setattr(runs_module, "_train", train)
    for name in ("one", "two"):
        make_run(root, name)
    page = opened()
    checked(page.selectbox(key="run").set_value("two").run())
    page = press(page, "Resume")
    assert "two \\['--resume'\\] \\*not\\* today" in page.error[0].value
    assert page.selectbox(key="run").value == "two"


def test_curves_show_every_run_and_the_epoch_in_progress(root: Path) -> None:
    for name in ("one", "two"):
        make_run(root, name)
    table = curves([read_run(root / "runs" / name) for name in ("one", "two")], "loss")
    one = table[table["run"] == "one"]
    training, validation = (one[one["images"] == images] for images in ("training", "validation"))
    assert training[["epoch", "loss"]].to_numpy().tolist() == [[1, 1], [2, 0.5], [2.5, 0.25]]
    assert validation[["epoch", "loss"]].to_numpy().tolist() == [[1, 1], [2, 0.5]]
    assert len(table) == 10
    page = opened()
    checked(page.multiselect(key="compared").set_value(["one"]).run())
    assert page.multiselect(key="compared").value == ["one"]


def test_watched_digits_have_alternative_texts() -> None:
    digit = WatchedDigit(0, 4, to_png(np.zeros((28, 28), np.uint8)), [0.0] * 10)
    assert 'alt="A handwritten 4"' in watched_digits([digit])
