"""The accuracy report: what it says, where it goes, and that it is written whole or not at all."""

import json
import os
import re
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from data.datasets import DATASETS, Dataset, DatasetError, OpenMLUnreachable
from data.ink import strokes_to_image
from model.weights import WeightsError
from tests.tiny_report import line, save_always_three, save_history, save_strokes
from training.evaluation import report as report_module
from training.evaluation import report_page, test_sets
from training.evaluation.report import ReportError, write_report
from training.evaluation.report_file import Report, read_report, report_folder
from training.evaluation.report_page import PLOTS, terminal_table
from training.evaluation.report_plots import DARK, LIGHT, confusion_plot
from training.evaluation.scores import ConfusedPair
from training.evaluation.test_sets import about_images
from training.formatting import decimal, duration, percent


@pytest.fixture(autouse=True)
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots take most of a second: only the tests that ask for `real_plots` draw them."""
    monkeypatch.setattr(report_page, "PLOTS", dict.fromkeys(PLOTS, lambda data, theme: b""))


@pytest.fixture
def real_plots(no_plots: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_page, "PLOTS", PLOTS)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "three"
    folder.mkdir(parents=True)
    return save_always_three(folder / "weights.npz", dataset="digits", recipe="quick", seed=7)


@pytest.fixture
def strokes(tmp_path: Path) -> str:
    """Two threes and two sevens, and a third three without ink."""
    return str(save_strokes(tmp_path / "mine.npz", [3, 3, 7, 7, 3], blank=(4,)))


def strict_json(path: Path) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def assert_holds(path: Path, report: Report) -> None:
    """The file is JSON as every program reads it, and the report comes back from it."""
    assert strict_json(path) == json.loads(json.dumps(msgspec.to_builtins(report), allow_nan=False))
    assert read_report(path) == report


def test_report_says_how_it_went(weights: Path, strokes: str) -> None:
    report, path = write_report(weights, strokes)
    assert (report.images, report.blank, report.correct, report.accuracy) == (5, 1, 2, 0.4)
    assert report.confused_pairs == [ConfusedPair(truth=7, answer=3, images=2)]
    assert report.calibration_error == pytest.approx(0.7 - 0.5)  # sure at 70 %, right in 2 of 4
    assert report.parameters == 109_226  # quick: 416 + 32 + 4,640 + 64 + 102,528 + 256 + 1,290
    assert report.training["recipe"] == "quick"
    assert report.training["seed"] == 7
    assert report.training["commit"] is None
    assert re.search(r"python 3\.\d+.*, numpy \d.*, scikit-learn \d", report.versions)
    assert_holds(path.with_name("report.json"), report)


def test_report_counts_what_the_app_would_show(tmp_path: Path, strokes: str) -> None:
    hesitant = save_always_three(tmp_path / "hesitant.npz", unsure_below=0.75)  # the network gives 0.7
    report, _ = write_report(hesitant, strokes, tmp_path / "out")
    answers = report.answering
    assert (answers.right, answers.wrong, answers.unsure, answers.refused) == (0, 0, 4, 1)
    assert answers.accuracy is None
    assert report.accuracy == 0.4  # of the likeliest digits


@pytest.mark.usefixtures("real_plots")
def test_what_could_not_be_read_is_named_and_counted(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "test" / "3").mkdir(parents=True)
    ink = np.full((60, 60), 255, np.uint8)
    ink[10:50, 28:33] = 0
    Image.fromarray(ink).save(folder / "test" / "3" / "good.png")
    for i in range(25):
        (folder / "test" / "3" / f"{i:02}<b>.png").write_text("no image")
    report, path = write_report(weights, str(folder))
    assert (report.images, report.correct, len(report.unread)) == (1, 1, 25)
    assert_holds(path.with_name("report.json"), report)
    page, table = path.read_text(encoding="utf-8"), terminal_table(report)
    for text in (page, table):
        assert "could not be read: 25" in text
        assert "19" in text
        assert "and 5 more, which report.json names" in text
    assert "00<b>.png" in table
    assert "00&lt;b&gt;.png" in page
    assert "20&lt;b&gt;.png" not in page


def test_mistakes_come_with_the_pictures_that_were_read(weights: Path, strokes: str) -> None:
    report, _ = write_report(weights, strokes)
    assert [(each.index, each.truth, each.answer) for each in report.mistakes] == [(2, 7, 3), (3, 7, 3)]
    for mistake in report.mistakes:
        assert mistake.probability == pytest.approx(0.7)
        picture = np.asarray(Image.open(BytesIO(mistake.picture)))
        ink = strokes_to_image([line(mistake.index)])
        assert ink is not None
        np.testing.assert_array_equal(picture, 255 - ink)


@pytest.mark.usefixtures("real_plots")
def test_the_worst_mistakes_are_a_picture_of_their_own(weights: Path, strokes: str) -> None:
    _, path = write_report(weights, strokes)
    with Image.open(path.with_name("mistakes.png")) as picture:
        row = np.asarray(picture.convert("L"))
    columns = [(part < 128).any() for part in np.array_split(row, 8, axis=1)]
    assert columns == [True, True, False, False, False, False, False, False]  # two mistakes, side by side


def test_examples_are_the_pictures_behind_every_cell(weights: Path, strokes: str) -> None:
    report, _ = write_report(weights, strokes)
    cells = [(each.truth, each.answer, each.index) for each in report.examples]
    assert cells == [(3, 3, 0), (3, 3, 1), (7, 3, 2), (7, 3, 3)]
    assert report.examples[2:] == report.mistakes


def test_progress_rises_to_the_end(weights: Path, strokes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "CHUNK", 3)
    shares: list[float] = []
    write_report(weights, strokes, progress=shares.append)
    assert shares == [0, 3 / 5, 1]


def test_seconds_are_those_of_ten_thousand_images(weights: Path, strokes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.5])
    monkeypatch.setattr(report_module, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    report, _ = write_report(weights, strokes)
    assert report.seconds_per_10000 == pytest.approx(0.5 / 5 * 10_000)


@pytest.mark.usefixtures("real_plots")
def test_page_is_self_contained_and_has_the_numbers(weights: Path, strokes: str) -> None:
    save_history(weights.with_name("history.csv"))
    report, path = write_report(weights, strokes)
    page = path.read_text(encoding="utf-8")
    assert [row.train_loss for row in report.history] == [1.0, 0.5]
    assert '<p class="accuracy">40.00 %</p>' in page
    assert "Images without ink: 1." in page
    right, wrong, unsure, refused, accuracy = re.findall(r"<td>([^<]*)</td>", page.split("As the app answers")[1])[:5]
    assert (right, wrong, unsure, refused, accuracy) == ("2", "2", "0", "1", "50.00 %")
    sources = re.findall(r'(?:src|srcset|href)="([^"]*)"', page)
    assert len(sources) == 2 * 4 + 2  # four plots for light and for dark pages, two mistakes
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in sources)
    assert not re.search(r"https?:|@import|url\(|<script|<link", page)


def test_page_escapes_the_header(tmp_path: Path, strokes: str) -> None:
    weights = save_always_three(tmp_path / "odd.npz", recipe="<script>alert(1)</script>")
    _, path = write_report(weights, strokes, tmp_path / "out")
    assert "&lt;script&gt;" in path.read_text(encoding="utf-8")
    assert "<script>" not in path.read_text(encoding="utf-8")


def test_header_with_values_unknown_to_json(tmp_path: Path, strokes: str) -> None:
    weights = save_always_three(tmp_path / "odd.npz", validation_accuracy=float("nan"), versions={"numpy": "2.4.6"})
    report, path = write_report(weights, strokes, tmp_path / "out")
    assert strict_json(path.with_name("report.json"))["training"]["validation_accuracy"] is None
    assert report.training["versions"] == "numpy 2.4.6"


@pytest.mark.usefixtures("real_plots")
@pytest.mark.parametrize(
    ("labels", "blank", "accuracy"), [([3], (), 1.0), ([3, 3], (), 1.0), ([7], (), 0.0), ([3, 5], (0, 1), 0.0)]
)
def test_hardly_any_pictures(
    weights: Path, tmp_path: Path, labels: list[int], blank: tuple[int, ...], accuracy: float
) -> None:
    report, path = write_report(weights, str(save_strokes(tmp_path / "few.npz", labels, blank)))
    assert report.accuracy == accuracy
    assert_holds(path.with_name("report.json"), report)
    assert percent(accuracy) in terminal_table(report)


@pytest.mark.usefixtures("real_plots")
def test_history_with_a_hole_and_of_one_epoch(weights: Path, strokes: str) -> None:
    history = save_history(weights.with_name("history.csv"), epochs=1)
    history.write_text(history.read_text().replace("1.0", "nan"))
    report, _ = write_report(weights, strokes)
    assert report.history[0].train_loss is None


@pytest.mark.parametrize("content", ["epoch,train_loss\n1,0.5\n", "epoch\n\xff\n", "epoch,train_loss\n1,a,b,c\n"])
def test_damaged_history_leaves_the_older_report(weights: Path, strokes: str, content: str) -> None:
    _, path = write_report(weights, strokes)
    before = path.stat().st_mtime_ns, path.with_name("report.json").read_bytes()
    weights.with_name("history.csv").write_text(content, encoding="latin-1")
    with pytest.raises(ReportError, match=r"history\.csv is damaged .*move it away"):
        write_report(weights, strokes)
    assert (path.stat().st_mtime_ns, path.with_name("report.json").read_bytes()) == before


def test_disk_that_fails_leaves_the_older_report(weights: Path, strokes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = write_report(weights, strokes)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ReportError, match=r"\(No space left on device\): make sure that the disk has space .*--output"):
        write_report(weights, strokes)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_damaged_weights(tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"PK")
    with pytest.raises(WeightsError, match=r"bad\.npz"):
        write_report(tmp_path / "bad.npz", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("weights", "dataset", "folder"),
    [
        ("runs/quick/weights.npz", None, "runs/quick/report"),
        ("runs/quick/weights.npz", "usps", "runs/quick/report/usps"),
        ("runs/quick/weights.npz", "/home/me/mine.npz", "runs/quick/report/files/home/me/mine.npz"),
        ("/x/runs/quick/weights.npz", None, "/x/runs/quick/report"),
        ("/x/pretrained/quick.npz", None, "runs/pretrained-quick/report"),
        ("model/pretrained/quick.npz", "drawn/mine/", f"runs/pretrained-quick/report/files{Path.cwd()}/drawn/mine"),
        ("model/pretrained/quick.npz", ".", f"runs/pretrained-quick/report/files{Path.cwd()}"),
        ("runs/quick/weights.npz", "/", "runs/quick/report/files"),
        ("runs/quick/weights.npz", "./usps", f"runs/quick/report/files{Path.cwd()}/usps"),
        ("runs/quick/older.npz", None, "runs/quick-older/report"),
    ],
)
def test_report_folder(weights: str, dataset: str | None, folder: str) -> None:
    assert report_folder(Path(weights), dataset) == Path(folder)


class TestDataSets:
    """Which pictures are read, and that the run's own data set has the run's own report."""

    @pytest.fixture(autouse=True)
    def two_pictures(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def load_dataset(name: str) -> Dataset:
            if name == "usps":
                raise OpenMLUnreachable("OpenML does not answer")
            images, labels = np.full((2, 28, 28), 9, np.uint8), np.array([3, 5], np.uint8)
            return Dataset(name, images[:0], labels[:0], images, labels)

        monkeypatch.setattr(test_sets, "load_dataset", load_dataset)

    def test_default_is_what_the_network_was_trained_on(self, weights: Path) -> None:
        report, path = write_report(weights)
        assert (report.dataset, report.images, path.parent) == ("digits", 2, weights.with_name("report"))
        assert "not MNIST" in path.read_text(encoding="utf-8")

    def test_default_without_a_header_is_mnist(self, tmp_path: Path) -> None:
        report, _ = write_report(save_always_three(tmp_path / "bare.npz"), output=tmp_path / "out")
        assert report.dataset == "mnist"

    def test_another_data_set_has_a_folder_of_its_own(self, weights: Path) -> None:
        _, path = write_report(weights, "mnist")
        assert path.parent == weights.with_name("report") / "mnist"

    def test_own_data_set_by_name_is_the_default(self, weights: Path) -> None:
        _, path = write_report(weights, "digits")
        assert path.parent == weights.with_name("report")

    def test_without_a_network_there_is_advice(self, weights: Path) -> None:
        with pytest.raises(DatasetError, match="does not answer: try again later, or choose the data set digits"):
            write_report(weights, "usps")

    def test_unknown_data_set_names_the_known(self, weights: Path) -> None:
        with pytest.raises(DatasetError, match="'emnist': choose mnist, usps, digits or a path"):
            write_report(weights, "emnist")


def test_every_data_set_is_described() -> None:
    assert all(source.about in about_images(name) for name, source in DATASETS.items())
    assert about_images("mine/") == "the digits in mine/"


def test_terminal_table(weights: Path, strokes: str) -> None:
    table = terminal_table(write_report(weights, strokes)[0])
    assert "accuracy     40.00 %" in table
    assert "2 of 5 right, 1 without ink" in table
    assert "in the app   2 right, 2 wrong, 0 unsure, 1 refused; of the answers, 50.00 % right" in table
    assert "confused     7 as 3 (2)" in table
    assert re.search(r"^    3 +3 +50\.00 % +66\.67 % +57\.14 %$", table, re.MULTILINE)
    assert re.search(r"^    0 +0 +– +– +–$", table, re.MULTILINE)


def test_percent_decimal_and_duration() -> None:
    assert [percent(0.99123), percent(1.0), percent(None)] == ["99.12 %", "100.00 %", "–"]
    assert [decimal(3.14159), decimal(12), decimal("quick"), decimal(None)] == ["3.14", "12", "quick", "–"]
    assert [duration(4.2), duration(59.7), duration(75), duration(7500)] == [
        "4 s",
        "1 min 0 s",
        "1 min 15 s",
        "2 h 5 min",
    ]


@pytest.mark.parametrize(("theme", "paper"), [(LIGHT, "#ffffff"), (DARK, "#16191d")])
def test_plots_have_the_paper_of_their_page(theme: Any, paper: str) -> None:
    corner = Image.open(BytesIO(confusion_plot(np.eye(10, dtype=int).tolist(), theme))).convert("RGB").getpixel((0, 0))
    assert corner == tuple(bytes.fromhex(paper[1:]))


@pytest.mark.usefixtures("real_plots")
def test_a_report_without_mistakes_leaves_no_picture_of_older_ones(weights: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.npz"
    save_strokes(mine, [3, 7])
    _, path = write_report(weights, str(mine))
    assert path.with_name("mistakes.png").exists()
    save_strokes(mine, [3, 3])
    write_report(weights, str(mine))
    assert not path.with_name("mistakes.png").exists()


def test_names_that_are_no_text_are_made_text(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "w\udcff"
    folder.mkdir(parents=True)
    weights = save_always_three(folder / "weights.npz", dataset="digits", recipe="quick", seed=7)
    strokes = save_strokes(tmp_path / "mine\udcff.npz", [3, 7])
    report, path = write_report(weights, str(strokes))
    assert report.dataset.endswith("mine\\udcff.npz")
    assert path.exists()
