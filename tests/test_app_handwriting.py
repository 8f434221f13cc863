"""The My handwriting page without a browser, and its fine-tunings."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components import weights_picker
from data.handwriting import Drawing, Handwriting, HandwritingError
from data.handwriting_file import pack
from data.ink import strokes_to_image
from tests.tiny_report import save_always_three
from training.runs import fine_tunings
from training.runs.lock import locked
from training.runs.run import LOCK, RunError

PAGE = Path(__file__).parents[1] / "app" / "pages" / "handwriting.py"
RESULT = {
    "format": 1,
    "kept": True,
    "weights": "model/pretrained/quick.npz",
    "dataset": "mnist",
    "seconds": 12.3,
    "validation": {"images": 5000, "before": 4969, "after": 4967},
    "own": {"images": 30, "before": 12, "after": 29},
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with weights that read every picture as a 3."""
    monkeypatch.setattr(weights_picker, "ROOT", tmp_path)
    monkeypatch.setattr(weights_picker, "PRETRAINED", tmp_path / "model" / "pretrained")
    save_always_three(tmp_path / "model" / "pretrained" / "quick.npz", dataset="mnist")
    return tmp_path


def drawing(key: str, truth: int | None, answer: int | None = 3) -> Drawing:
    strokes = [np.array([[300.0, 200.0], [400.0, 900.0]])]
    image = strokes_to_image(strokes)
    assert image is not None
    return Drawing(key, strokes, image, answer, truth, "pretrained/quick", "2026-05-03T12:00:00+00:00")


@pytest.fixture
def store(root: Path) -> Handwriting:
    """Two threes, a seven and a scribble."""
    store = Handwriting(root / "handwriting.sqlite")
    for key, truth in (("a", 3), ("b", 7), ("c", 3), ("d", None)):
        store.keep(drawing(key, truth))
    return store


def run(page: AppTest | None = None) -> AppTest:
    page = (page or AppTest.from_file(PAGE)).run(timeout=30)
    assert not page.exception
    return page


def shown(page: AppTest) -> str:
    return "\n".join(element.value for kind in (page.markdown, page.caption) for element in kind)


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return run(page)


def labels(page: AppTest) -> list[str]:
    return [checkbox.label for checkbox in page.checkbox]


def test_without_drawings_the_page_says_what_to_do(root: Path) -> None:
    page = run()
    assert "Draw a digit on the Draw page" in page.info[0].value
    assert not page.metric
    assert not page.button
    assert not page.download_button
    assert page.file_uploader


def test_drawings_are_shown_the_newest_first_and_read_by_the_chosen_weights(store: Handwriting) -> None:
    page = run()
    assert labels(page) == ["**no digit**", "**3**", "**7**", "**3**"]
    assert page.metric[0].value == "2 of 3"
    assert "That is 66.7 %." in shown(page)
    # Wilson's interval, by hand: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n).
    p, n, z2 = 2 / 3, 3, 1.959964**2
    half = (z2 * (p * (1 - p) / n + z2 / (4 * n * n))) ** 0.5
    low, high = ((p + z2 / (2 * n) + side * half) / (1 + z2 / n) for side in (-1, 1))
    assert f"{100 * low:.1f} % to {100 * high:.1f} %" in shown(page)
    assert "read as 3, **this network: 3**" in shown(page)
    assert "unsure about 0 and takes 0 for no digit" in shown(page)
    assert "3 May 2026" in shown(page)


def test_unsure_is_not_right(root: Path, store: Handwriting) -> None:
    weights = root / "model" / "pretrained" / "quick.npz"
    save_always_three(weights, dataset="mnist", unsure_below=0.9)
    page = run()
    assert page.metric[0].value == "0 of 3"
    assert "unsure about 3 and takes 0 for no digit" in shown(page)
    assert "this network: unsure, 3 or " in shown(page)
    save_always_three(weights, dataset="mnist", no_digit_below=1e3)
    page = run()
    assert page.metric[0].value == "0 of 3"
    assert "unsure about 0 and takes 3 for no digit" in shown(page)


def test_labels_are_corrected(store: Handwriting) -> None:
    page = run()
    for key in ("a", "d"):
        page.checkbox(key=f"tick {key}").check()
    page = run(page)
    page.session_state["new label"] = 5
    page = press(run(page), "Label 2 drawings 5")
    assert {each.key: each.truth for each in store.drawings()} == {"a": 5, "b": 7, "c": 3, "d": 5}
    assert not any(box.value for box in page.checkbox)
    page.checkbox(key="tick b").check()
    page = run(page)
    page.session_state["new label"] = "no digit"
    press(run(page), "Label 1 drawing no digit")
    assert [each.truth for each in store.drawings()] == [5, None, 3, 5]
    assert page.session_state["kept_truths"] == {"a": "5", "d": "5", "b": "no digit"}  # so says the Draw page


def test_choosing_a_label_leaves_the_draw_page_alone(store: Handwriting) -> None:
    page = run()
    page.checkbox(key="tick a").check()
    page = run(page)
    assert "truth" not in page.session_state  # the buttons of the Draw page


@pytest.mark.parametrize(
    ("choice", "expected"),
    [(7, ["**7**"]), (3, ["**3**"] * 2), ("no digit", ["**no digit**"]), ("misread", ["**7**"]), (5, [])],
)
def test_drawings_can_be_filtered(store: Handwriting, choice: object, expected: list[str]) -> None:
    page = run()
    page.session_state["shown"] = choice
    assert labels(run(page)) == expected


def test_a_page_shows_at_most_24_drawings(store: Handwriting) -> None:
    assert run().checkbox.len == 4
    store.keep_missing([drawing(f"more {i}", 5) for i in range(30)])
    page = run()
    assert page.checkbox.len == 24
    page.session_state["page of 2"] = 2
    assert labels(run(page))[-4:] == ["**no digit**", "**3**", "**7**", "**3**"]


def test_deleting_needs_a_confirmation(store: Handwriting) -> None:
    page = run()
    for key in ("a", "b"):
        page.checkbox(key=f"tick {key}").check()
    page = run(page)
    assert store.count() == 4
    page.session_state["kept_truths"] = {"a": "3", "c": "3"}
    press(page, "Yes, delete 2 drawings")
    assert [each.key for each in store.drawings()] == ["c", "d"]
    assert page.session_state["kept_truths"] == {"c": "3"}


def test_a_full_disk_is_a_message(store: Handwriting, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise HandwritingError("the disk is full: free some space")

    page = run()
    page.checkbox(key="tick a").check()
    page = run(page)
    monkeypatch.setattr(Handwriting, "delete", fail)
    assert press(page, "Yes, delete 1 drawing").error[0].value == r"the disk is full\: free some space."


def upload(page: AppTest, content: bytes) -> AppTest:
    page.file_uploader[0].set_value(("mine.npz", content, "application/octet-stream"))
    return run(page)


def test_import(store: Handwriting) -> None:
    page = upload(run(), pack([drawing("a", 3), drawing("new", 8)]))
    assert page.success[0].value == r"New drawings\: 1."
    assert store.count() == 5
    store.delete(["new"])
    run(page)
    assert store.count() == 4, "a file is imported when it arrives, not whenever the page runs"


def test_a_bad_import_stores_nothing(store: Handwriting) -> None:
    page = upload(run(), b"no export")
    assert "Nothing was imported" in page.error[0].value
    assert store.count() == 4


def test_export_is_offered(store: Handwriting) -> None:
    assert run().download_button[0].label == "Export"


def test_an_unusable_store_is_reported_and_not_changed(root: Path) -> None:
    (root / "handwriting.sqlite").write_text("my diary, " * 100)
    page = run()
    assert "move it away" in page.error[0].value
    assert (root / "handwriting.sqlite").read_text() == "my diary, " * 100


def test_without_weights_the_drawings_are_still_there(root: Path, store: Handwriting) -> None:
    (root / "model/pretrained/quick.npz").unlink()
    page = run()
    assert page.checkbox.len == 4
    assert page.button[0].disabled


def test_only_scribbles_cannot_be_learned(root: Path) -> None:
    Handwriting(root / "handwriting.sqlite").keep(drawing("a", None))
    page = run()
    assert not page.metric
    assert page.button[0].disabled


def fine_tuning(root: Path, log: str, result: Any = None, number: int = 1) -> Path:
    folder = root / "runs" / f"handwriting-{number}"
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text(log)
    if result is not None:
        (folder / "result.json").write_text(result if isinstance(result, str) else json.dumps(result))
    return folder


def test_a_running_fine_tuning_shows_its_last_log_line(root: Path, store: Handwriting) -> None:
    folder = fine_tuning(root, "Learning 3 digits\nStep 20 of 100: loss 0.5\n")
    with locked(folder / LOCK):
        page = run()
        assert page.button[0].disabled
        assert page.status[0].label == r"handwriting-1: Step 20 of 100\: loss 0.5"
        assert page.status[0].state == "running"
    assert not run().status


def test_a_kept_fine_tuning_shows_both_accuracies_and_can_be_chosen(root: Path, store: Handwriting) -> None:
    folder = fine_tuning(root, "Kept\n", RESULT)
    save_always_three(folder / "weights.npz", dataset="digits")
    page = run()
    assert "has learned your handwriting" in page.success[0].value
    assert [(metric.value, metric.delta) for metric in page.metric[1:]] == [
        ("96.67 %", "+56.67 points"),
        ("99.34 %", "-0.04 points"),
    ]
    page = press(page, "Use this network")
    assert page.selectbox(key="weights").value == folder / "weights.npz"
    assert "Use this network" not in [button.label for button in page.button]


def test_a_change_that_rounds_to_nothing_is_no_praise(root: Path, store: Handwriting) -> None:
    same = {"own": {"images": 30, "before": 29, "after": 29}, "validation": {"images": 50000, "before": 9, "after": 10}}
    fine_tuning(root, "Kept\n", RESULT | same)
    page = run()
    assert not page.success
    assert "no better than before" in page.info[0].value
    assert [metric.delta for metric in page.metric[1:]] == ["unchanged", "unchanged"]


def test_a_fine_tuning_is_renamed_and_deleted(root: Path, store: Handwriting) -> None:
    fine_tuning(root, "older\n", RESULT)
    fine_tuning(root, "failed\n", number=2)
    page = run()
    assert page.selectbox(key="fine_tuning").value == "handwriting-2"
    assert "Rename handwriting-2" not in [button.label for button in page.button]
    page = press(page, "Yes, delete handwriting-2")
    assert not (root / "runs" / "handwriting-2").exists()
    page.text_input(key="new name of handwriting-1").set_value("mine")
    page = press(page, "Rename handwriting-1")
    assert page.selectbox(key="fine_tuning").value == "mine"
    assert "mine has learned your handwriting" in page.success[0].value


def test_nothing_is_learned_while_a_run_is_trained(root: Path, store: Handwriting) -> None:
    folder = root / "runs" / "quick"
    folder.mkdir(parents=True)
    with locked(folder / LOCK):
        page = run()
        assert page.button[0].disabled
        with pytest.raises(RunError, match="quick is being trained"):  # on a page that does not know it yet
            fine_tunings.start(root, root / "model" / "pretrained" / "quick.npz")
        assert "quick is being trained" in shown(page)
    assert [path.name for path in (root / "runs").glob("*/")] == ["quick"]


def test_a_fine_tuning_that_was_not_kept_says_why(root: Path, store: Handwriting) -> None:
    fine_tuning(root, "Not kept\n", {**RESULT, "kept": False})
    page = run()
    assert "was not kept" in page.warning[0].value
    assert "0.1 point" in page.warning[0].value
    assert not page.button[0].disabled


@pytest.mark.parametrize(
    "result", [None, "", "{", "[]", '{"format": 1}', {**RESULT, "own": {"images": 0}}, {**RESULT, "seconds": 1e999}]
)
def test_a_failed_fine_tuning_shows_its_last_log_line(root: Path, store: Handwriting, result: Any) -> None:
    fine_tuning(root, "error: ![](https://example.org/x.png)\n", result)
    assert "ended without a result" in run().error[0].value
    assert "![](" not in run().error[0].value


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_button_starts_a_process_that_writes_its_result(root: Path, store: Handwriting) -> None:
    fine_tuning(root, "an older one", number=9)
    press(run(), "Learn my digits")
    newest = fine_tunings.list_fine_tunings(root / "runs")[0]
    assert newest.folder == root / "runs" / "handwriting-10"
    wait_for(lambda: not fine_tunings.read(newest.folder).running)
    # These weights do not say how they were trained: the process ends at once.
    assert "does not say how it was trained" in fine_tunings.read(newest.folder).last_line
    assert "ended without a result" in run().error[0].value


def test_sessions_that_start_at_once_get_different_folders(root: Path) -> None:
    folders = [fine_tunings.new_folder(root / "runs") for _ in range(3)]
    assert [folder.name for folder in folders] == ["handwriting-1", "handwriting-2", "handwriting-3"]
