"""The Train page without a browser: no run, runs in each state, and the buttons."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.charts.training import curves, curves_chart, watched_digits
from app.components import weights_picker
from app.texts.recipes import describe
from model.architectures import build_network
from model.classifier import DigitClassifier
from model.pretrained import FOLDER as PRETRAINED
from tests.tiny_report import save_always_three, save_history
from training.formatting import duration, percent
from training.pictures import to_png
from training.recipes import RECIPES
from training.runs import run as runs_module
from training.runs.housekeeping import rename
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


def kept(name: str) -> dict[str, bool]:
    """The buttons of a run that is not being trained."""
    return {f"Rename {name}": True, f"Yes, delete {name}": True}


KEPT = kept("mine")


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
    assert [page.text_input[0].placeholder, page.number_input[0].value] == ["quick", RECIPES["quick"].epochs]
    checked(page.selectbox(key="recipe").set_value("article").run())
    assert [page.text_input[0].placeholder, page.number_input[0].value] == ["article", RECIPES["article"].epochs]


def test_a_typed_name_survives_another_recipe(root: Path) -> None:
    page = opened()
    page.text_input[0].set_value("mine")
    checked(page.selectbox(key="recipe").set_value("best").run())
    assert page.text_input[0].value == "mine"


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_explained(recipe: str) -> None:
    text = describe(recipe)
    network = build_network(RECIPES[recipe].architecture, np.random.default_rng(0))
    assert f"{sum(array.size for array in network.parameters().values()):,} parameters" in text
    weights = PRETRAINED / f"{recipe}.npz"
    if weights.exists():
        header = DigitClassifier.load(weights).header
        assert percent(header["validation_accuracy"]) in text
        assert duration(header["training_seconds"]) in text
    else:
        assert "not measured" in text


def test_a_paused_run_shows_its_progress(root: Path) -> None:
    make_run(root, "mine")
    page = opened()
    assert bar(page)[0] == 62  # 2.5 of 4 epochs
    assert "stopped after 1 min 1 s" in bar(page)[1]
    assert buttons(page) == {"Start training": True, "Resume": True, **KEPT}
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
        assert buttons(page) == {"Start training": False, "Resume": False, **kept("idle")}
    assert buttons(checked(page.run())) == {"Start training": True, "Resume": True, **kept("idle")}


def test_a_run_that_still_fetches_its_data(root: Path) -> None:
    folder = root / "runs" / "new"
    folder.mkdir(parents=True)
    (folder / "log.txt").touch()
    with locked(folder / LOCK):
        assert "Loading the data." in shown(opened())
    page = opened()
    assert "start it again under the same name" in shown(page)
    assert buttons(page) == {"Start training": True, **kept("new")}


def test_a_finished_run_offers_its_weights(root: Path) -> None:
    folder = make_run(root, "mine", epoch=4, step=0, loss=0.0)
    save_always_three(folder / "weights.npz")
    page = opened()
    assert bar(page)[0] == 100
    assert bar(page)[1] == "Trained in 1 min 1 s"
    assert next(metric.value for metric in page.metric) == "0.5"  # its last epoch's, as none is under way
    assert buttons(page) == {"Start training": True, "Use this network": True, **KEPT}
    page = press(page, "Use this network")
    assert page.session_state["weights"] == folder / "weights.npz"
    assert "use this network" in shown(page)
    assert "Use this network" not in buttons(page)


def test_a_fine_tuning_is_no_run_but_keeps_others_from_starting(root: Path) -> None:
    folder = root / "runs" / "handwriting-1"
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text("Learning 3 digits\n")
    with locked(folder / LOCK):
        page = opened()
        assert "is learning your handwriting" in shown(page)
        assert buttons(page) == {"Start training": False}
    (folder / "result.json").write_text("{}")
    folder.rename(root / "runs" / "mine")
    page = opened()
    assert "There is no run yet." in shown(page)
    assert buttons(page) == {"Start training": True}


def test_a_run_is_renamed_and_stays_chosen(root: Path) -> None:
    weights = save_always_three(make_run(root, "mine") / "weights.npz")
    make_run(root, "other")
    page = opened()
    page.selectbox(key="run").set_value("mine").run()
    page.session_state["weights"] = weights
    page.text_input(key="new name of mine").set_value("ours")
    page = press(page, "Rename mine")
    assert page.selectbox(key="run").value == "ours"
    assert page.session_state["weights"] == root / "runs" / "ours" / "weights.npz"
    page.text_input(key="new name of ours").set_value("other")
    page = press(page, "Rename ours")
    assert page.error[0].value == r"Renaming ours failed\: there is a folder named other\: choose another name."
    assert {run.name for run in list_runs(root / "runs")} == {"ours", "other"}


def test_renaming_leaves_other_weights_chosen_and_ends_an_earlier_complaint(root: Path) -> None:
    for name in ("mine", "other"):
        save_always_three(make_run(root, name) / "weights.npz")
    page = opened()
    page.selectbox(key="run").set_value("mine").run()
    page.session_state["weights"] = root / "runs" / "other" / "weights.npz"
    page.text_input(key="new name of mine").set_value("other")
    assert press(page, "Rename mine").error
    page.text_input(key="new name of mine").set_value("ours")
    assert not press(page, "Rename mine").error
    assert page.session_state["weights"] == root / "runs" / "other" / "weights.npz"


def test_why_a_run_cannot_be_deleted_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise OSError("the disk is read-only")

    make_run(root, "mine")
    page = opened()
    monkeypatch.setattr("shutil.rmtree", refuse)
    page = press(page, "Yes, delete mine")
    assert page.error[0].value == r"Deleting mine failed\: the disk is read-only."
    assert page.selectbox(key="run").value == "mine"


def test_a_run_is_deleted_after_a_confirmation(root: Path) -> None:
    make_run(root, "mine")
    page = press(opened(), "Yes, delete mine")
    assert "There is no run yet." in shown(page)
    assert not (root / "runs" / "mine").exists()


def test_what_is_being_trained_cannot_be_renamed_or_deleted(root: Path) -> None:
    folder = make_run(root, "mine")
    page = opened()
    with locked(folder / LOCK):
        page = press(page, "Yes, delete mine")
        assert "mine is being trained" in shown(page)
        assert buttons(page) == {"Start training": False, "Stop training": True}
        with pytest.raises(RunError, match="is being trained"):
            rename(root / "runs", "mine", "ours")
    assert read_run(folder).progress


@pytest.mark.parametrize(("name", "new"), [("mine", "../ours"), ("mine", ""), ("none", "ours"), ("..", "ours")])
def test_no_renaming_leads_out_of_the_folder_of_runs(root: Path, name: str, new: str) -> None:
    make_run(root, "mine")
    with pytest.raises(RunError):
        rename(root / "runs", name, new)
    assert [path.name for path in root.iterdir()] == ["runs"]
    assert [path.name for path in (root / "runs").iterdir()] == ["mine"]


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
    assert first.text_input[0].placeholder == "quick-2"
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
    runs = [read_run(root / "runs" / name) for name in ("one", "two")]
    in_progress = {run.name: run.progress for run in runs if run.progress}
    table = curves({run.name: run.history for run in runs}, "loss", in_progress)
    one = table[table["run"] == "one"]
    training, validation = (one[one["images"] == images] for images in ("training", "validation"))
    assert training[["epoch", "loss"]].to_numpy().tolist() == [[1, 1], [2, 0.5], [2.5, 0.25]]
    assert validation[["epoch", "loss"]].to_numpy().tolist() == [[1, 1], [2, 0.5]]
    assert len(table) == 10
    page = opened()
    checked(page.multiselect(key="compared").set_value(["one"]).run())
    assert page.multiselect(key="compared").value == ["one"]


def test_the_first_epoch_is_a_curve_by_the_step(root: Path) -> None:
    parts = [{"step": 2, "loss": 2.0, "accuracy": 0.25}, {"step": 4, "loss": 1.0, "accuracy": 0.5}]
    folder = make_run(root, "mine", epoch=0, step=4, first_epoch=parts)
    (folder / "history.csv").unlink()
    progress = read_run(folder).progress
    assert progress is not None
    table = curves({"mine": []}, "accuracy", {"mine": progress})
    assert table[["epoch", "accuracy"]].to_numpy().tolist() == [[0.2, 0.25], [0.4, 0.5]]
    chart = curves_chart(table, "accuracy", epochs=4).to_dict()
    assert chart["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 1]
    assert len(opened().get("vega_lite_chart")) == 2


def test_watched_digits_have_alternative_texts() -> None:
    digit = WatchedDigit(0, 4, to_png(np.zeros((28, 28), np.uint8)), [0.0] * 10)
    assert 'alt="A handwritten 4"' in watched_digits([digit])
