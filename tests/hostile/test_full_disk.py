"""A disk that becomes full, read-only or refuses access during a save: the old file is kept, and a message says why."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data.handwriting import Handwriting, HandwritingError
from data.handwriting_file import pack, unpack
from model import load_network, save_network
from model.files import read_arrays
from tests.hostile.conftest import TORTURE
from tests.hostile.full_disk import FAULTS, Disk
from tests.hostile.training_process import assert_same_outcome
from tests.small_network import small_network
from tests.test_handwriting import drawn
from tests.tiny_report import save_always_three, save_strokes
from training.checkpoint import load_checkpoint
from training.evaluation import report_page
from training.evaluation.report import ReportError, write_report
from training.evaluation.report_page import PLOTS
from training.train import main

RUN = ["--recipe", "article", "--dataset", "digits", "--epochs", "2", "--threads", "2", "--name", "mine"]
CURE = "make sure that the disk has space and the folder is writable"


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk that is full whenever the test wants it to be."""
    monkeypatch.chdir(tmp_path)
    disk = Disk(tmp_path)
    disk.put_in(monkeypatch)
    return disk


def moments(calls: int) -> list[tuple[int, str]]:
    """The numbers of calls after which the disk fails, and the kinds of failure."""
    after = range(calls) if TORTURE else sorted({round(share * (calls - 1)) for share in (0, 0.2, 0.6, 1)})
    return [(number, list(FAULTS)[number % len(FAULTS)]) for number in after]


def test_a_training_loses_nothing_and_resumes_to_the_same_weights(
    disk: Disk, tmp_path: Path, capsys: pytest.CaptureFixture[str], row: Callable[[str, str], None]
) -> None:
    """At every point: its lock, its checkpoints, its history and its weights."""
    (tmp_path / "whole").mkdir()
    assert main([*RUN[:-1], "whole"]) == 0
    whole = tmp_path / "runs" / "whole"
    refused = 0
    for after, fault in moments(disk.calls):
        name = f"after-{after}"
        run, command = tmp_path / "runs" / name, [*RUN[:-1], name]
        capsys.readouterr()
        disk.fail_after(after, fault)
        status = main(command)
        disk.mend()
        error = capsys.readouterr().err.strip().splitlines()[-1]
        begun = (run / "checkpoint.npz").exists()
        if status:  # else only progress.json was not written, for want of which no training ends
            refused += 1
            assert status == 2
            assert error.startswith("error: [Errno "), error
            assert f"{CURE}, then {'--resume' if begun else 'start again'}" in error
            assert not (run / "weights.npz").exists()
        if begun:
            load_checkpoint(run / "checkpoint.npz")
        assert list(run.glob(".*.part")) == []
        assert main([*command, "--resume"] if begun else command) == 0
        assert_same_outcome(run, whole)
    assert refused > 2
    row(
        f"disk full, read-only or without permission, starting at any of {refused} points of a training",
        "the last checkpoint is kept, a message names the cure, and the resumed run gives the same weights, "
        "bit for bit",
    )


def every_moment(disk: Disk, save: Callable[[], object], stands: Callable[[], object]) -> int:
    """Let the disk fail at every point of a save, check the files after each failure, and count the points."""
    after = 0
    while True:
        disk.fail_after(after, list(FAULTS)[after % len(FAULTS)])
        said = ""
        try:
            save()
        except OSError:  # whoever called has the words for it
            said = CURE
        except ReportError as error:
            said = str(error)
        failed = disk.failed
        disk.mend()
        assert (CURE in said) == failed
        if not failed:
            return after
        stands()
        after += 1


def test_old_weights_are_kept(disk: Disk, tmp_path: Path, row: Callable[[str, str], None]) -> None:
    path, old = tmp_path / "weights.npz", small_network(np.random.default_rng(0), np.float32)
    new = small_network(np.random.default_rng(1), np.float32)
    save_network(path, old)

    def stands() -> None:
        saved = load_network(path)[0].arrays()
        assert all(np.array_equal(saved[name], array) for name, array in old.arrays().items())
        assert [file.name for file in tmp_path.iterdir()] == ["weights.npz"]

    count = every_moment(disk, lambda: save_network(path, new), stands)
    assert count > 3
    assert np.array_equal(read_arrays(path)["0.weights"], new.arrays()["0.weights"])
    row(f"the same at any of {count} points of saving weights", "the old weights are kept, no other files remain")


@pytest.mark.slow
def test_an_old_report_is_kept(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Callable[[str, str], None]
) -> None:
    monkeypatch.setattr(report_page, "PLOTS", dict.fromkeys(PLOTS, lambda data, theme: b""))
    weights, strokes = save_always_three(tmp_path / "weights.npz"), save_strokes(tmp_path / "strokes.npz", [3, 4, 3])
    folder = tmp_path / "report"

    def write() -> None:
        write_report(weights, str(strokes), folder)

    def stands() -> None:
        if (folder / "report.json").exists():
            assert json.loads((folder / "report.json").read_text())["weights"] == str(weights)
        if (folder / "report.html").exists():
            assert (folder / "report.html").read_text().rstrip().endswith("</html>")
        if (folder / "mistakes.png").exists():
            Image.open(folder / "mistakes.png").load()
        assert list(folder.glob(".*.part")) == []

    count = every_moment(disk, write, stands)
    write()
    assert every_moment(disk, write, stands) <= count  # over an old one: the folder is there already
    assert {file.name for file in folder.iterdir()} == {"report.html", "report.json", "mistakes.png"}
    row(f"the same at any of {count} points of writing a report", "no partial page, and a message names the cure")


def test_handwriting_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Callable[[str, str], None]
) -> None:
    """SQLite asks the system itself: a bound on the file's pages makes it meet a full disk."""
    path, connect = tmp_path / "handwriting.sqlite", sqlite3.connect
    store = Handwriting(path)
    pages = 12

    def bounded(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(sqlite3, "connect", bounded)
    kept: list[str] = []

    def keep_on() -> None:
        for number in range(1_000):
            store.keep(drawn(str(number)))
            kept.append(str(number))

    with pytest.raises(HandwritingError, match=r"\(database or disk is full\): make sure that the disk has space"):
        keep_on()
    with pytest.raises(HandwritingError, match="disk is full"):
        store.keep_missing(drawn(f"more-{number}") for number in range(50))
    assert len(kept) > 5
    assert [drawing.key for drawing in store.drawings()] == kept
    assert [drawing.key for drawing in unpack(pack(store.drawings()))] == kept  # an export is how to save them
    left = kept[len(kept) // 2 :]
    store.delete(key for key in kept if key not in left)  # and there is room again
    store.keep(drawn("after"))
    monkeypatch.setattr(sqlite3, "connect", connect)
    store.keep_missing(drawn(f"more-{number}") for number in range(50))
    more = [f"more-{number}" for number in range(50)]
    assert [drawing.key for drawing in store.drawings()] == [*left, "after", *more]
    row(
        f"handwriting on a full disk, after {len(kept)} drawings",
        "all stored drawings remain, and can be exported and deleted; a message names the cure; it works again later",
    )


def test_read_only_handwriting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, connect = tmp_path / "handwriting.sqlite", sqlite3.connect
    store = Handwriting(path)
    store.keep(drawn("before"))
    monkeypatch.setattr(
        sqlite3, "connect", lambda file, **options: connect(f"file:{file}?mode=ro", uri=True, **options)
    )
    for change in (lambda: store.keep(drawn("after")), lambda: store.delete(["before"])):
        with pytest.raises(HandwritingError, match=r"readonly database\): make sure that .* the folder is writable"):
            change()
    assert [drawing.key for drawing in store.drawings()] == ["before"]
