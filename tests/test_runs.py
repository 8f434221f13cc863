"""Training runs as folders: one process per run, started, stopped and resumed; and what their files say."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.datasets import Dataset
from model.architectures import build_network
from tests.test_trainer import trainer
from tests.tiny_report import save_history
from training.files import modified
from training.pictures import from_png
from training.recipes import RECIPES
from training.runs.lock import Locked, holder, is_locked, locked
from training.runs.progress import DamagedProgress, read_progress
from training.runs.run import LOCK, Run, RunError, free_name, last_log_line, list_runs, read_run, resume, start, stop
from training.train import main
from training.trainer import Trainer
from training.watcher import Watcher, hardest, probabilities_of

ROOT = Path(__file__).resolve().parents[1]
HOLD = "import sys, time, pathlib, training.runs.lock as l\nwith l.locked(pathlib.Path(sys.argv[1])): time.sleep(600)"


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A project's folder; whatever is trained in it ends with the test."""
    yield tmp_path
    for lock in tmp_path.glob(f"runs/*/{LOCK}"):
        stop(tmp_path, lock.parent.name)


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the lock of the run `runs/mine`."""
    lock = tmp_path / "runs" / "mine" / LOCK
    lock.parent.mkdir(parents=True)
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], cwd=ROOT)
    try:
        wait_until(lambda: holder(lock) == process.pid)
        yield process
    finally:
        process.kill()
        process.wait()


def steps(run: Run) -> int:
    """How many steps the run has taken."""
    return run.progress.steps * run.progress.epoch + run.progress.step if run.progress else 0


def test_a_second_process_is_refused_until_the_first_is_gone_even_by_kill(
    tmp_path: Path,
    other_process: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["--dataset", "digits", "--epochs", "1", "--name", "mine"]
    assert main(command) == 2
    assert "error: runs/mine is being trained by another process" in capsys.readouterr().err
    assert [file.name for file in Path("runs/mine").iterdir()] == [LOCK]
    other_process.kill()
    other_process.wait()
    assert main(command) == 0
    assert not is_locked(Path("runs/mine") / LOCK)


def test_a_lock_keeps_out_threads_too_and_is_given_back(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert not is_locked(lock)
    assert holder(lock) is None
    with locked(lock):
        assert is_locked(lock)
        assert holder(lock) == os.getpid()
        with pytest.raises(Locked), locked(lock, timeout=0):
            pass
    assert not is_locked(lock)
    assert holder(lock) is None


def test_a_lock_names_its_holder_alone_whatever_stood_in_the_file(tmp_path: Path) -> None:
    """Whoever stops a run ends the process of that number."""
    path = tmp_path / "lock"
    path.write_text("9999999999")  # longer than the number of any process
    with locked(path):
        assert holder(path) == os.getpid()


@pytest.mark.parametrize("content", ["", "-1", "0", "1", "12x", "9" * 30])
def test_a_lock_that_names_no_process_gets_nobody_killed(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("somebody was to be killed"))
    lock = tmp_path / "runs" / "mine" / LOCK
    lock.parent.mkdir(parents=True)
    with locked(lock):
        lock.write_text(content)
        stop(tmp_path, "mine")


@pytest.mark.slow
def test_a_run_is_started_once_stopped_and_gone_on_with(root: Path) -> None:
    runs = root / "runs"

    def try_to_start(name: str) -> str:
        try:
            start(root, name, "quick", "digits", 400, 5)
            return ""
        except RunError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:  # two people press the button at once
        refusals = sorted(pool.map(try_to_start, ["mine", "mine"]))
    assert refusals == ["", "mine is being trained: wait for it, or stop it first"]
    (run,) = list_runs(runs)
    assert (run.name, run.state) == ("mine", "running")
    wait_until(lambda: read_run(runs / "mine").history)
    stop(root, "mine")
    run = read_run(runs / "mine")
    assert (run.state, run.can_resume) == ("paused", True)
    assert run.progress is not None
    assert run.progress.about["seed"] == 5
    assert run.progress.epochs == 400
    assert steps(run) >= run.progress.steps * len(run.history) > 0
    assert try_to_start("mine") == "there is a run named mine: choose another name"

    resume(root, "mine")
    assert read_run(runs / "mine").state == "running"
    wait_until(lambda: steps(read_run(runs / "mine")) > steps(run))
    again = read_run(runs / "mine").progress
    assert again is not None
    assert again.digits[0].index == run.progress.digits[0].index
    assert again.seconds > run.progress.seconds
    process = holder(runs / "mine" / LOCK)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: read_run(runs / "mine").state == "paused")


def test_a_run_is_stopped_at_once_though_the_app_was_started_in_the_background_of_a_script(root: Path) -> None:
    # What such a shell starts ignores Ctrl-C, and so does all that it starts itself.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        start(root, "mine", "quick", "digits", 400, 5)
    finally:
        signal.signal(signal.SIGINT, before)
    stop(root, "mine")
    assert read_run(root / "runs" / "mine").state != "running"


def test_a_run_that_cannot_start_says_why(root: Path) -> None:
    (root / "runs" / "mine").mkdir(parents=True)
    (root / "runs" / "mine" / "checkpoint.npz").write_text("hello")
    with pytest.raises(RunError, match=r"runs/mine/checkpoint\.npz is damaged"):
        resume(root, "mine")
    assert read_run(root / "runs" / "mine").state == "failed"


@pytest.mark.parametrize("name", ["../elsewhere", "", "--resume", "a/b", "a" * 65, ".hidden"])
def test_a_name_that_leads_outside_runs_is_refused(root: Path, name: str) -> None:
    with pytest.raises(RunError, match="cannot be the name of a run"):
        start(root, name, "quick", "digits", 1, 0)
    with pytest.raises(RunError, match="to resume"):
        resume(root, name)
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("left", ["weights.npz", "checkpoint.npz", "result.json"])
def test_a_name_with_a_result_is_taken(root: Path, left: str) -> None:
    folder = root / "runs/mine"
    folder.mkdir(parents=True)
    (folder / left).write_text("{}")
    with pytest.raises(RunError, match="there is a run named mine: choose another name"):
        start(root, "mine", "quick", "digits", 1, 0)
    assert [file.name for file in folder.iterdir()] == [left]


def test_states_follow_from_the_files(tmp_path: Path) -> None:
    def state(*files: str, log: str = "") -> str:
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for file in files:
            (folder / file).touch()
        (folder / "log.txt").write_text(log)
        return read_run(folder).state

    assert state() == "never started"
    assert state("checkpoint.npz") == "paused"
    assert state("checkpoint.npz", log="epoch 1/2\repoch 2/2\nStopped and saved.\n") == "paused"
    assert state("checkpoint.npz", log="epoch 1/2\rerror: the loss is not finite\n\n") == "failed"
    assert state(log="Traceback (most recent call last):\n  File\nMemoryError\n") == "failed"
    assert state("checkpoint.npz", "weights.npz", log="Read 99 %") == "finished"


def test_last_log_line(tmp_path: Path) -> None:
    assert last_log_line(tmp_path) == ""
    (tmp_path / "log.txt").write_bytes(b"x" * 100_000 + b"\nepoch 1/3\rerror: no\xff space\n\n")
    assert last_log_line(tmp_path) == "error: no� space"
    trace = ["Traceback (most recent call last):", *["  File a, line 1, in b"] * 100, "MemoryError"]
    (tmp_path / "log.txt").write_text("\n".join(["epoch 1/3", *trace]))
    assert last_log_line(tmp_path) == "error: MemoryError"


def test_running_runs_come_first_then_the_newest(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "old", "older")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "checkpoint.npz").touch()
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    (tmp_path / "no run").mkdir()
    assert [run.name for run in list_runs(tmp_path)] == ["new", "old", "older"]
    with locked(tmp_path / "old" / LOCK):
        assert [run.name for run in list_runs(tmp_path)] == ["old", "new", "older"]
    assert list_runs(tmp_path / "nowhere") == []


def test_a_free_name_is_one_that_no_run_has(tmp_path: Path) -> None:
    assert free_name(tmp_path, "quick") == "quick"
    for name in ("quick", "quick-2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights.npz").touch()
    assert free_name(tmp_path, "quick") == "quick-3"


@pytest.mark.parametrize("left", ["weights.npz", "checkpoint.npz", "result.json", "log.txt"])
def test_a_name_that_could_not_be_started_is_not_offered(tmp_path: Path, left: str) -> None:
    (tmp_path / "quick").mkdir()
    (tmp_path / "quick" / left).touch()
    assert free_name(tmp_path, "quick") == "quick-2"


@pytest.fixture(scope="module")
def watched(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The `progress.json` of a run after its last epoch, and after the fifth step of its second."""
    run = trainer(digits, tmp_path_factory.mktemp("watched"))
    watcher = Watcher(run)
    middle = []

    def watch(run: Any) -> None:
        if (run.progress.epoch, run.progress.step) == (1, 5):
            watcher.last = -np.inf
            watcher(run)
            middle.append(read_progress(run.folder / "progress.json"))
        watcher(run)

    assert run.train(watch)
    return {"end": read_progress(run.folder / "progress.json"), "middle": middle[0], "run": run}


def test_progress_tells_how_far_a_run_is(watched: dict[str, Any]) -> None:
    middle, end = watched["middle"], watched["end"]
    assert (middle.epochs, middle.steps, middle.epoch, middle.step) == (3, 12, 1, 5)
    first = watched["run"].progress.history[0]
    assert 0 < middle.loss < first["train_loss"]
    assert first["train_accuracy"] < middle.accuracy <= 1
    # 17 of 36 steps are done: 19 are left, at the same pace
    assert middle.seconds_left == pytest.approx(middle.seconds * 19 / 17, rel=1e-6)
    assert (end.epoch, end.step, end.seconds_left) == (3, 0, 0)


def test_the_first_epoch_is_told_by_the_step_while_it_lasts(digits: Dataset, tmp_path: Path) -> None:
    run = trainer(digits, tmp_path)
    watcher = Watcher(run)
    sums = []

    def watch(run: Any) -> None:
        watcher.last = -np.inf
        watcher(run)
        if run.progress.epoch == 0:
            sums.append((run.progress.step, run.progress.loss))
            progress = read_progress(run.folder / "progress.json")
            assert progress is not None
            assert [part.step for part in progress.first_epoch] == list(range(1, run.progress.step + 1))
            # Each part is a mean over a step's images: times their number, they add up to the epoch so far.
            so_far = sum(part.loss for part in progress.first_epoch[:-1]) * run.recipe.batch_size
            last = run.progress.loss - so_far
            assert run.progress.step < 2 or last > 0
            if 0 < run.progress.step < run.steps:
                assert progress.first_epoch[-1].loss == pytest.approx(last / run.recipe.batch_size, rel=1e-5)
            assert all(0 <= part.accuracy <= 1 for part in progress.first_epoch)
        else:
            assert watcher.first_epoch == []

    assert run.train(watch)
    assert len(sums) == run.steps + 1


def test_the_curve_of_a_long_first_epoch_is_thinned(digits: Dataset, tmp_path: Path) -> None:
    run = trainer(digits, tmp_path)
    run.steps = run.images = 10**6
    watcher = Watcher(run)
    for step in range(1, 500):
        run.progress.step, run.progress.loss = step, float(step)
        watcher.add_to_first_epoch(run)
    steps = [part.step for part in watcher.first_epoch]
    assert len(steps) <= 100
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (1, 499)


def test_watched_digits_are_validation_pictures_and_what_the_network_makes_of_them(watched: dict[str, Any]) -> None:
    run, end = watched["run"], watched["end"]
    rows = [digit.index for digit in end.digits]
    assert len(set(rows)) == 12
    assert set(rows) <= set(run.validation_rows)
    assert [digit.truth for digit in end.digits] == run.dataset.train_labels[rows].tolist()
    np.testing.assert_array_equal([from_png(digit.picture) for digit in end.digits], run.dataset.train_images[rows])
    outputs = run.network.predict(run.dataset.train_images[rows][..., None] / np.float32(255))
    shares = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    np.testing.assert_allclose([digit.probabilities for digit in end.digits], shares, atol=1e-4)
    before, after = ([digit.probabilities for digit in watched[when].digits] for when in ("middle", "end"))
    assert before != after


def test_within_an_epoch_digits_are_read_as_the_network_is_then(digits: Dataset, tmp_path: Path) -> None:
    network = build_network("quick", np.random.default_rng(0))
    run = Trainer(RECIPES["quick"], network, digits, 0, 1, tmp_path, {})
    watcher = Watcher(run)
    run.progress.step = 1

    def read() -> list[list[float]]:
        return [digit.probabilities for digit in watcher.snapshot(run, 1.0).digits]

    before = read()
    statistics = [array for layer in network.layers for array in layer.statistics.values()]
    assert statistics
    for array in statistics:
        array[:] = 7  # of an epoch that is long over
    assert read() == before
    assert all((array == 7).all() for array in statistics)


def test_watching_changes_nothing_of_what_is_learned(watched: dict[str, Any], digits: Dataset, tmp_path: Path) -> None:
    unwatched = trainer(digits, tmp_path)
    unwatched.train()
    one, other = (run.network.parameters() for run in (unwatched, watched["run"]))
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_progress_that_cannot_be_written_ends_no_training(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.watcher.write_progress", full)
    run = trainer(digits, tmp_path)
    assert run.train(Watcher(run))


def test_squared_errors_aim_at_probabilities_between_the_two_targets() -> None:
    outputs = np.array([[-1, 1, 0, 0.5, -3, 3, np.nan, -1, -1, -1]], np.float32)
    probabilities = probabilities_of(outputs, RECIPES["article"])
    np.testing.assert_allclose(probabilities, [[0, 1, 0.5, 0.75, 0, 1, 0, 0, 0, 0]])


def test_the_hardest_look_most_like_another_digit() -> None:
    images = np.zeros((40, 28, 28), np.uint8)
    labels = np.repeat(np.arange(2, dtype=np.uint8), 20)
    images[:20, 5:10], images[20:, 15:20] = 255, 255
    images[7], images[31] = images[20], images[0]  # each looks just like the other
    chosen = hardest(images, labels)
    assert len(chosen) == 12
    assert {7, 31} <= set(chosen.tolist())
    assert labels[chosen].tolist() == sorted(labels[chosen].tolist())


@pytest.mark.parametrize(
    "change",
    [
        {"format": 0},
        {"steps": 0},
        {"epoch": -1},
        {"epoch": "1"},
        {"loss": float("nan")},
        {"steps": 10**400},
        {"about": {"dataset": "\ud800"}},
        {"digits": [{"index": 1, "truth": 2, "picture": "bm8gcGljdHVyZQ==", "probabilities": [0.1] * 10}]},
        {"digits": [{"index": 1, "truth": 2, "picture": "", "probabilities": [1]}]},
    ],
)
def test_incomplete_progress_is_reported_and_the_run_still_listed(
    watched: dict[str, Any], tmp_path: Path, change: dict[str, Any]
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "checkpoint.npz").touch()
    content = json.loads((watched["run"].folder / "progress.json").read_text())
    (folder / "progress.json").write_text(json.dumps(content))
    assert read_progress(folder / "progress.json") is not None
    (folder / "progress.json").write_text(json.dumps(content | change))
    with pytest.raises(DamagedProgress, match=r"progress\.json is damaged: it is written again"):
        read_progress(folder / "progress.json")
    (run,) = list_runs(tmp_path)
    assert run.progress is None
    assert "progress.json is damaged" in run.problems[0]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"[" * 100_000, b'{"about": ' + b'{"a":' * 100_000, b"\xff"]
)
def test_file_that_is_no_progress(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "progress.json").write_bytes(content)
    with pytest.raises(DamagedProgress):
        read_progress(tmp_path / "progress.json")


def test_damaged_history_is_reported(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.npz").touch()
    history = save_history(tmp_path / "history.csv")
    assert [row.train_loss for row in read_run(tmp_path).history] == [1.0, 0.5]
    history.write_text("epoch,train_loss\n1,much\n")
    run = read_run(tmp_path)
    assert run.history == []
    assert "history.csv is damaged" in run.problems[0]


def test_those_who_only_look_at_a_lock_do_not_see_each_other(tmp_path: Path) -> None:
    lock = tmp_path / LOCK
    with locked(lock):
        assert is_locked(lock)
    with open(lock, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # as another one does who looks at this moment
        assert not is_locked(lock)
        assert holder(lock) is None


def test_a_run_that_is_deleted_meanwhile_is_the_oldest(tmp_path: Path) -> None:
    assert modified(tmp_path / "gone") == 0 < modified(tmp_path)
