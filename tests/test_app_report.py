"""The Report page: the list of reports, the contents of one, and damaged reports."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.charts.report import answering_chart, calibration_chart, confusion_chart
from app.components import weights_picker
from data.handwriting import FILE, Drawing, Handwriting
from tests.tiny_report import save_always_three, save_history, save_strokes
from training.evaluation import report_page
from training.evaluation.report import write_report
from training.evaluation.report_file import DamagedReport, list_reports, read_report, report_name
from training.evaluation.scores import Answering, CalibrationBin, RiskAtCoverage
from training.runs import process as processes
from training.runs.process import CommandError


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder, as far as the page is concerned, with one weights file."""
    monkeypatch.setattr(weights_picker, "ROOT", tmp_path)
    monkeypatch.setattr(weights_picker, "PRETRAINED", tmp_path / "model" / "pretrained")
    monkeypatch.setattr(report_page, "PLOTS", dict.fromkeys(report_page.PLOTS, lambda data, theme: b""))
    folder = tmp_path / "runs" / "three"
    folder.mkdir(parents=True)
    save_always_three(folder / "weights.npz", recipe="quick", versions={"numpy": "2.4.6"})
    return tmp_path


def write(root: Path, labels: list[int], blank: tuple[int, ...] = ()) -> Path:
    """The `report.json` on drawings, said to be these digits, that are all read as 3."""
    strokes = save_strokes(root / "mine.npz", labels, blank)
    _, page = write_report(root / "runs" / "three" / "weights.npz", str(strokes))
    return page.with_name("report.json")


def change(path: Path, **changes: Any) -> None:
    """Change a report, but not its time: the page names reports by the minute."""
    time = path.stat().st_mtime
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    os.utime(path, (time, time))


def run_page() -> AppTest:
    return checked(AppTest.from_file("../app/pages/report.py", default_timeout=30).run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def shown(page: AppTest) -> str:
    """All running text of the page."""
    return "\n".join(element.value for kind in (page.markdown, page.caption, page.warning) for element in kind)


def test_report_is_shown(root: Path) -> None:
    save_history(root / "runs" / "three" / "history.csv")
    write(root, [3, 3, 7, 7, 3], blank=(4,))
    page = run_page()
    assert page.metric[0].value == "40.00 %"
    text = shown(page)
    assert "2 of 5 images are read right" in text
    assert "Images without ink: 1." in text
    assert "Most often: 7 as 3 (2)." in text
    assert "calibration error, is 20.00 %" in text
    scores = page.dataframe[0].value.set_index("digit")
    assert scores.loc[3, "precision"] == pytest.approx(50)
    assert scores.loc[3, "images"] == 3
    mistakes = [image.captions for image in page.image if "read as" in image.captions[0]]
    assert mistakes == [["7, read as **3**  \n70.00 %"]] * 2
    assert [metric.value for metric in page.metric[1:]] == ["2", "2", "0", "1"]  # right, wrong, unsure, refused
    assert "Of the answers that the app gives, right or wrong, 50.00 % are right." in text
    assert len(page.get("vega_lite_chart")) == 5  # answers, confusion, calibration, loss, accuracy
    assert page.download_button[0].label == "Download as a web page"
    facts = page.table[0].value.to_string()
    assert "numpy 2.4.6" in facts
    assert "109,226" in facts


def test_report_without_mistakes_or_history(root: Path) -> None:
    write(root, [3])
    page = run_page()
    assert "None: no digit is read as another." in shown(page)
    assert len(page.get("vega_lite_chart")) == 3


def test_report_on_nothing_but_blank_drawings(root: Path) -> None:
    write(root, [3], blank=(0,))
    assert run_page().metric[0].value == "0.00 %"


def test_small_data_set_is_not_taken_for_mnist(root: Path) -> None:
    report = write(root, [3])
    assert not run_page().warning
    change(report, dataset="digits", about_dataset="small digits")
    assert "says little about MNIST" in run_page().warning[0].value


def test_report_without_its_page_has_no_download(root: Path) -> None:
    write(root, [3]).with_name("report.html").unlink()
    assert not run_page().download_button


def test_no_report_says_which_command_writes_one(root: Path) -> None:
    page = run_page()
    assert "no report yet" in page.info[0].value
    assert page.code[0].value == "make evaluate WEIGHTS=model/pretrained/best.npz"
    assert not page.metric


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"format": 1}', "[" * 100_000, '{"format": 3, "more": ' + "[" * 100_000, "\udcff"]
)
def test_invalid_report_file(root: Path, content: str) -> None:
    write(root, [3]).write_text(content, errors="surrogateescape")
    page = run_page()
    assert "is damaged" in page.error[0].value
    assert not page.metric


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"examples": None},
        {"confusion": [[1] * 10] * 9},
        {"accuracy": None},
        {"accuracy": float("nan")},
        {"images": 10**400},
        {"correct": True},
        {"weights": "\ud800"},
        {"training": {"settings": [[]]}},
        {"confusion": [[-1] * 10] * 10},
        {"accuracy_interval": [0.5]},
        {"confusion": [[1, "2"]]},
        {"digits": [{"digit": 0}]},
        {"history": {"epoch": 1}},
        {"mistakes": [{"truth": 1, "answer": 2, "probability": 0.5, "picture": "bm8gcGljdHVyZQ=="}]},
    ],
)
def test_incomplete_report(root: Path, changes: dict[str, Any]) -> None:
    report = write(root, [3])
    change(report, **changes)
    with pytest.raises(DamagedReport, match=r"report\.json is damaged"):
        read_report(report)


def test_files_that_could_not_be_read_are_named(root: Path) -> None:
    change(write(root, [3]), unread=["a/![](x).png: no image", "b.png: damaged"])
    warning = run_page().warning[0].value
    assert "could not be read: 2." in warning
    assert "b.png" in warning
    assert "![](" not in warning


def test_only_the_apps_own_point_stands_beside_the_curve() -> None:
    curve = [RiskAtCoverage(0.5, 0.0), RiskAtCoverage(1.0, 0.25)]
    chart = answering_chart(Answering(right=5, wrong=1, unsure=1, refused=1, accuracy=5 / 6, curve=curve)).to_dict()
    line, point = (chart["datasets"][layer["data"]["name"]] for layer in chart["layer"])
    assert line == [{"coverage": 0.5, "risk": 0.0}, {"coverage": 1.0, "risk": 0.25}]
    assert point == [{"coverage": 6 / 8, "risk": 1 / 6}]
    nothing = answering_chart(Answering(right=0, wrong=0, unsure=1, refused=0, accuracy=None, curve=[]))
    assert len(nothing.to_dict()["layer"]) == 1


def test_text_from_a_report_is_no_markdown(root: Path) -> None:
    change(write(root, [3]), about_dataset="![](https://example.org/x.png)")
    assert "![](" not in shown(run_page())


def test_reports_are_listed_newest_first(tmp_path: Path) -> None:
    paths = [tmp_path / name / "report.json" for name in ("a/report", "b/report", "a/report/usps", "c/other", "d")]
    for age, path in enumerate(paths):
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        os.utime(path, (1e9 - age, 1e9 - age))
    assert list_reports(tmp_path) == paths[:3]
    os.utime(paths[2], (2e9, 2e9))
    assert list_reports(tmp_path) == [paths[2], paths[0], paths[1]]
    assert list_reports(tmp_path / "nowhere") == []


def test_reports_are_named_by_run_and_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    reports = {
        "": "quick, ",
        "usps": "quick on usps, ",
        "files/else/where/test": f"quick on {Path('/else/where/test')}, ",
        f"files{tmp_path}/mine/test": "quick on test, ",
    }
    for dataset, name in reports.items():
        path = tmp_path / "quick/report" / dataset / "report.json"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        assert report_name(path, tmp_path).startswith(name)


def test_only_confusions_have_colour() -> None:
    chart = confusion_chart([[5, 2], [0, 7]]).to_dict()
    (cells,) = chart["datasets"].values()
    assert [(cell["written"], cell["read as"], cell["images"], cell["confused"]) for cell in cells] == [
        (0, 0, 5, 0),
        (0, 1, 2, 2),
        (1, 1, 7, 0),
    ]


def test_page_does_without_the_libraries_of_training() -> None:
    modules = "training.evaluation.report_file, app.charts.report, training.runs.process, training.runs.run"
    program = f"import sys, {modules}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sklearn", "matplotlib", "training.evaluation.report", "training.train"} & set(loaded)


def test_a_network_is_measured_from_the_page_and_its_report_shown(root: Path) -> None:
    write(root, [3])
    page = run_page()
    page.selectbox(key="test_set").set_value("digits")
    page.button[0].click().run(timeout=120)
    assert not page.exception
    assert not page.error
    assert "of 500 images are read right" in shown(page)  # the test part of scikit-learn's digits
    assert page.selectbox(key="report").value == root / "runs" / "three" / "report" / "digits" / "report.json"


def test_stored_handwriting_can_be_measured(root: Path) -> None:
    write(root, [3])
    assert FILE not in run_page().selectbox(key="test_set").options
    image = np.full((28, 28), 9, np.uint8)
    handwriting = Handwriting(root / FILE)
    for key, truth in (("a", 3), ("b", 3), ("c", 8), ("d", None)):
        handwriting.keep(Drawing(key, [], image, 3, truth, "three"))
    page = run_page()
    page.selectbox(key="test_set").set_value(FILE)
    page.button[0].click().run(timeout=120)
    assert not page.error
    assert "2 of 3 images are read right" in shown(page)  # the fourth was meant as no digit


def test_a_failed_measurement_is_reported_and_the_old_report_still_shown(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> Iterator[float]:
        yield 0.5
        raise CommandError("OpenML does [not](http://x) answer")

    write(root, [3])
    page = run_page()
    monkeypatch.setattr(processes, "evaluate", refused)
    page.button[0].click().run()
    assert r"The report could not be written\: OpenML does \[not\]\(http\://x\) answer." in page.error[0].value
    assert page.metric[0].value == "100.00 %"


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no file missing\.npz"):
        list(processes.evaluate(tmp_path, "missing.npz", "digits"))


def test_two_reports_side_by_side(root: Path) -> None:
    save_history(root / "runs" / "three" / "history.csv")
    first = write(root, [3, 3, 7, 7])
    other = save_strokes(root / "other.npz", [3, 7, 7, 7])
    _, second = write_report(root / "runs" / "three" / "weights.npz", str(other))
    page = run_page()
    page.selectbox(key="report").set_value(first).run()
    page.selectbox(key="compared_report").set_value(second.with_name("report.json")).run()
    assert not page.exception
    assert [metric.value for metric in page.metric[:2]] == ["50.00 %", "25.00 %"]
    assert "The test sets differ" in shown(page)
    recall = page.dataframe[0].value
    assert recall.loc[3].tolist() == [100, 100, 0]
    assert len(page.get("vega_lite_chart")) == 7
    for report in list_reports(root / "runs"):
        change(report, dataset="usps")
    assert "The intervals overlap" in shown(checked(page.run()))
    change(first, accuracy_interval=[0.9, 0.99])
    assert "The intervals do not overlap" in shown(checked(page.run()))
    first.write_text("{")
    page.selectbox(key="report").set_value(second.with_name("report.json")).run()
    page.selectbox(key="compared_report").set_value(first).run()
    assert "is damaged" in page.error[0].value
    assert page.metric[0].value == "25.00 %"


def test_the_images_of_a_cell_are_shown(root: Path) -> None:
    write(root, [3, 7, 7, 3, 3])
    page = run_page()
    cells = cell_list(page)
    assert cells.options == ["7, read as 3: 2", "3, read as 3: 3"]
    assert [image.captions for image in page.image][:2] == [["#1, 70.00 %"], ["#2, 70.00 %"]]
    cells.set_value((3, 3))
    assert [image.captions[0][:3] for image in checked(page.run()).image][:3] == ["#0,", "#3,", "#4,"]


def cell_list(page: AppTest) -> Any:
    return next(box for box in page.selectbox if box.label.startswith("Click on a cell"))


def test_another_report_starts_with_its_own_cell(root: Path) -> None:
    first = write(root, [3, 7, 7])
    other = save_strokes(root / "other.npz", [3, 8, 8, 8])
    _, second = write_report(root / "runs" / "three" / "weights.npz", str(other))
    page = run_page()
    page.selectbox(key="report").set_value(first).run()
    cell_list(page).set_value((3, 3)).run()
    assert cell_list(page).proto.id
    before = cell_list(page).proto.id
    page.selectbox(key="report").set_value(second.with_name("report.json")).run()
    cells = cell_list(page)
    assert cells.value == (8, 3)
    assert cells.proto.id != before  # the browser keeps what an element of the same id showed
    assert len([image for image in page.image if image.captions[0].startswith("#")]) == 3


def test_bins_of_a_few_images_are_left_out_of_the_calibration_line() -> None:
    bins = [CalibrationBin(0.1 * i, 0.1 * (i + 1), images, 0.1 * i + 0.05, 0.5) for i, images in enumerate((3, 30, 90))]
    chart = calibration_chart(bins).to_dict()
    points = {name: [row["images"] for row in rows] for name, rows in chart["datasets"].items() if "images" in rows[0]}
    line, circles = chart["layer"][1:]
    assert points[line["data"]["name"]] == [30, 90]
    assert points[circles["data"]["name"]] == [3, 30, 90]
    assert calibration_chart(bins[:1]).to_dict()["layer"]


def test_a_click_in_the_matrix_selects_its_cell() -> None:
    chart = confusion_chart([[5, 2], [0, 7]]).to_dict()
    (selection,) = chart["params"]
    assert (selection["name"], selection["select"]["fields"]) == ("cell", ["written", "read as"])
