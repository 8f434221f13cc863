"""The training command: what it writes, refuses, falls back to, and survives."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data import datasets
from data.datasets import OpenMLUnreachable
from model import load_network
from model.classifier import DigitClassifier
from model.files import read_arrays
from training.checkpoint import load_checkpoint, save_checkpoint
from training.recipes import RECIPES
from training.train import main
from training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[1]
SHORT = ["--dataset", "digits", "--epochs", "1", "--threads", "2"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs go to a folder of their own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def short_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a short run in it, `runs/quick`."""
    folder = tmp_path_factory.mktemp("short")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(SHORT) == 0
    return folder


@pytest.fixture
def trained(short_run: Path, tmp_path: Path) -> None:
    """A short run is in `runs/quick` already."""
    shutil.copytree(short_run, tmp_path, dirs_exist_ok=True)


def test_a_run_writes_weights_history_and_checkpoint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHORT, "--seed", "3", "--name", "mine"]) == 0
    assert sorted(file.name for file in Path("runs/mine").iterdir()) == [
        "checkpoint.npz",
        "history.csv",
        "lock",
        "progress.json",
        "weights.npz",
    ]
    header = DigitClassifier.load("runs/mine/weights.npz").header
    assert (header["recipe"], header["dataset"], header["seed"], header["threads"]) == ("quick", "digits", 3, 2)
    assert header["settings"]["epochs"] == 1
    assert 0 <= header["validation_accuracy"] <= 1
    assert header["temperature"] > 0
    assert header["versions"]["numpy"] == np.__version__
    assert header["commit"]
    printed = capsys.readouterr()
    quick = RECIPES["quick"]
    made = sum(round(1_168 * share) for share in (quick.redrawn, quick.written, quick.outliers))
    assert f"1 epochs of 1,168 images of digits and {made} made for this recipe; 129 for validation" in printed.out
    assert "runs/mine/weights.npz" in printed.out
    assert "epoch 1/1" in printed.err
    assert "validation" in printed.err


def test_nobody_is_told_to_resume_what_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The result of a fine-tuning that was not kept."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs/quick").mkdir(parents=True)
    (tmp_path / "runs/quick/result.json").touch()
    assert main(SHORT) == 2
    assert "there is already a run in runs/quick: use --name NAME to start another" in capsys.readouterr().err


@pytest.mark.usefixtures("trained")
def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.read_bytes() for file in Path("runs/quick").iterdir()}
    assert main(SHORT) == 2
    assert "there is already a run in runs/quick: use --resume to resume it, or --name NAME" in capsys.readouterr().err
    assert main([*SHORT, "--resume"]) == 0
    assert "is finished" in capsys.readouterr().out
    assert {file: file.read_bytes() for file in Path("runs/quick").iterdir()} == before


def test_a_dry_run_writes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--recipe", "article", *SHORT, "--dry-run"]) == 0
    assert list(tmp_path.iterdir()) == []
    printed = capsys.readouterr().out
    assert "ConvLayer" in printed
    # Nine weights and a bias, 676 and a bias for each of 100, 100 and a bias for each of 10.
    assert f"{10 + 677 * 100 + 101 * 10:,} parameters in total" in printed


@pytest.mark.parametrize(
    "arguments",
    [
        ["--recipe", "alexnet"],
        ["--dataset", "emnist"],
        ["--epochs", "0"],
        ["--epochs", "many"],
        ["--seed", "-1"],
        ["--name", "../elsewhere"],
        ["--name", ""],
        ["--frobnicate"],
    ],
)
def test_bad_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: argument ") or error.startswith("error: unrecognized arguments")
    assert len(error.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_resuming_a_missing_or_damaged_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--resume"]) == 2
    assert "there is no run in runs/quick to resume: start it without --resume" in capsys.readouterr().err
    Path("runs/quick").mkdir(parents=True)
    Path("runs/quick/checkpoint.npz").write_text("hello")
    assert main(["--resume"]) == 2
    assert "runs/quick/checkpoint.npz is damaged" in capsys.readouterr().err
    assert Path("runs/quick/checkpoint.npz").read_text() == "hello"


@pytest.mark.usefixtures("trained")
def test_a_checkpoint_of_something_else_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("runs/other").mkdir()
    Path("runs/other/checkpoint.npz").write_bytes(Path("runs/quick/weights.npz").read_bytes())
    assert main(["--name", "other", "--resume"]) == 2
    assert "runs/other/checkpoint.npz is not a checkpoint" in capsys.readouterr().err


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    "change",
    [
        lambda parameters, saved: saved["about"]["settings"].update(momentum=0.9),
        lambda parameters, saved: saved["about"]["settings"].pop("targets"),
        lambda parameters, saved: saved["about"]["settings"].update(architecture="slow"),
        lambda parameters, saved: saved["about"]["settings"].update(loss="guess"),
        lambda parameters, saved: saved["about"].update(settings=[1]),
        lambda parameters, saved: saved["progress"].update(mood="good"),
        lambda parameters, saved: parameters.popitem(),
    ],
)
def test_a_run_of_another_version_is_refused(change: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("runs/quick/checkpoint.npz")
    parameters, optimizer_state, saved = load_checkpoint(path)
    change(parameters, saved)
    save_checkpoint(path, parameters, optimizer_state, saved)
    Path("runs/quick/weights.npz").unlink()
    assert main(["--resume"]) == 2
    assert "runs/quick belongs to another version of this project: use --name NAME" in capsys.readouterr().err


def unreachable() -> Any:
    raise OpenMLUnreachable("OpenML, where mnist_784 comes from, does not answer")


def test_without_openml_the_small_digits_are_trained_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(datasets.DATASETS, "mnist", datasets.Source("MNIST", 60_000, unreachable))
    assert main(["--epochs", "1"]) == 0
    assert "does not answer: training on scikit-learn's small digits" in capsys.readouterr().out
    assert load_network("runs/quick/weights.npz")[1]["dataset"] == "digits"


def test_mnist_requested_by_name_never_falls_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(datasets.DATASETS, "mnist", datasets.Source("MNIST", 60_000, unreachable))
    assert main(["--dataset", "mnist"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: OpenML, where mnist_784 comes from, does not answer: go online, set SCIKIT_LEARN")
    assert len(error.splitlines()) == 1
    assert [file.name for file in Path("runs/quick").iterdir()] == ["lock"]


@pytest.mark.usefixtures("trained")
def test_a_full_disk_gives_an_error_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path("runs/quick/checkpoint.npz").read_bytes()
    Path("runs/quick/weights.npz").unlink()

    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert main(["--resume"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "No space left on device" in error
    cure = "make sure that the disk has space and the folder is writable, then --resume"
    assert f"The checkpoint in runs/quick is kept: {cure}" in error
    assert Path("runs/quick/checkpoint.npz").read_bytes() == before


LONG = ["--dataset", "digits", "--epochs", "10", "--threads", "2"]  # enough to be disturbed


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a long run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(LONG) == 0
    return folder / "runs" / "quick"


def started(name: str, *more: str) -> subprocess.Popen[str]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "training.train", "--name", name, *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


# SIGKILL and SIGINT are slow: tests/hostile/test_killed_trainings.py kills runs too; Ctrl-C stops as SIGTERM does.
@pytest.mark.parametrize(
    "how", [signal.SIGTERM, *(pytest.param(how, marks=pytest.mark.slow) for how in (signal.SIGINT, signal.SIGKILL))]
)
def test_an_interrupted_or_killed_run_resumes_bit_for_bit(how: signal.Signals, undisturbed: Path) -> None:
    process = started("broken", *LONG)
    history = Path("runs/broken/history.csv")
    deadline = time.monotonic() + 60
    while not history.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(how)
    output, _ = process.communicate(timeout=60)
    assert not Path("runs/broken/weights.npz").exists(), "it was over before it could be disturbed"
    if how != signal.SIGKILL:
        assert process.returncode == 130
        assert "Stopped and saved. To resume: python -m training.train --name broken --resume" in output
    assert main(["--name", "broken", "--resume"]) == 0
    whole, broken = (read_arrays(folder / "weights.npz") for folder in (undisturbed, Path("runs/broken")))
    del whole["header"], broken["header"]
    assert whole.keys() == broken.keys()
    assert all(np.array_equal(whole[name], broken[name]) for name in whole)


def test_event_files_hold_the_history_if_asked(capsys: pytest.CaptureFixture[str]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert main([*SHORT, "--name", "seen", "--epochs", "2", "--tensorboard"]) == 0
    events = EventAccumulator("runs/seen/tensorboard")
    events.Reload()
    with open("runs/seen/history.csv", newline="") as file:
        history = list(csv.DictReader(file))
    assert set(events.Tags()["scalars"]) == history[0].keys() - {"epoch"}
    for name in events.Tags()["scalars"]:
        curve = [(scalar.step, scalar.value) for scalar in events.Scalars(name)]
        assert curve == [(int(row["epoch"]), pytest.approx(float(row[name]), rel=1e-6)) for row in history]


def test_event_files_of_a_resumed_run_hold_each_epoch_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stop_after_epoch(patch, 2)
        assert main([*SHORT, "--name", "seen", "--epochs", "4", "--tensorboard"]) == 130
    assert epochs_in_event_files() == [[1, 2]]
    assert main(["--name", "seen", "--resume", "--tensorboard"]) == 0
    assert epochs_in_event_files() == [[1, 2], [3, 4]]


def test_event_files_begin_with_the_history_of_a_run_that_had_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stop_after_epoch(patch, 1)
        assert main([*SHORT, "--name", "seen", "--epochs", "2"]) == 130
    assert main(["--name", "seen", "--resume", "--tensorboard"]) == 0
    assert epochs_in_event_files() == [[1, 2]]


def epochs_in_event_files() -> list[list[int]]:
    """The epochs in each event file of the run, the oldest file first."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    files = sorted(Path("runs/seen/tensorboard").iterdir(), key=lambda file: file.stat().st_mtime_ns)
    return [[event.step for event in EventFileLoader(str(file)).Load() if event.HasField("summary")] for file in files]


def stop_after_epoch(patch: pytest.MonkeyPatch, epoch: int) -> None:
    """From now on a run is asked to stop, as by Ctrl-C, once it has finished this epoch."""
    learned = Trainer.learning_rate

    def learning_rate(trainer: Trainer) -> float:
        if trainer.progress.epoch == epoch:
            trainer.stop()
        return learned(trainer)

    patch.setattr(Trainer, "learning_rate", learning_rate)


def test_without_tensorboard_the_option_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    assert main([*SHORT, "--tensorboard"]) == 2
    assert "pip install 'digits-from-scratch[tensorboard]'" in capsys.readouterr().err
    assert not Path("runs/quick").exists()
