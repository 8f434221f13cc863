"""Two processes on one run, and readers of weights that are being replaced: nobody sees incomplete data."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from model import save_network
from model.architectures import build_network
from model.classifier import DigitClassifier
from model.network import Network
from tests.hostile.conftest import TORTURE
from tests.hostile.training_process import CONTEXT, assert_same_outcome, finish, start
from training.runs.lock import is_locked
from training.train import main

SHORT = ["--recipe", "article", "--dataset", "digits", "--threads", "2", "--name", "mine"]
INTRUDERS = 40 if TORTURE else 6
STARTS_AT_ONCE = 10 if TORTURE else 1
REPLACEMENTS = 600 if TORTURE else 100


@pytest.mark.slow
def test_a_second_training_of_a_run_is_refused_and_disturbs_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    row: Callable[[str, str], None],
) -> None:
    long = [*SHORT, "--epochs", "200" if TORTURE else "40"]
    (tmp_path / "alone").mkdir()
    (tmp_path / "disturbed").mkdir()
    assert finish(start(tmp_path / "alone", long)) == 0
    monkeypatch.chdir(tmp_path / "disturbed")
    first, lock, refused = start(tmp_path / "disturbed", long), Path("runs/mine/lock"), 0
    while not Path("runs/mine/checkpoint.npz").exists():
        first.join(0.01)
        assert first.is_alive(), Path("printed.txt").read_text()
    for number in range(INTRUDERS):
        status = main([*long, "--resume"] if number % 2 else long)
        if not is_locked(lock):
            break  # the last intruder may have come when all was over
        assert status == 2
        assert "runs/mine is being trained by another process: use --name NAME" in capsys.readouterr().err
        refused += 1
    assert finish(first) == 0
    assert refused > 0
    assert_same_outcome(tmp_path / "alone" / "runs" / "mine", tmp_path / "disturbed" / "runs" / "mine")
    row(
        f"{refused} more trainings of a run that is being trained",
        "each refused with a message; the first gives the same weights as when alone, bit for bit",
    )


def test_of_two_simultaneous_starts_of_a_run_one_trains(tmp_path: Path, row: Callable[[str, str], None]) -> None:
    for number in range(STARTS_AT_ONCE):
        root = tmp_path / str(number)
        root.mkdir()
        processes = [start(root, [*SHORT, "--epochs", "2"]) for _ in range(2)]
        assert sorted(finish(process) or 0 for process in processes) == [0, 2], (root / "printed.txt").read_text()
        assert_same_outcome(root / "runs" / "mine", tmp_path / "0" / "runs" / "mine")
    row(f"two trainings of the same run started at once, {STARTS_AT_ONCE} times", "one trains, the other is refused")


def constant_network(value: float) -> Network:
    """A network of which every number is the value."""
    network = build_network("quick", np.random.default_rng(0))
    for array in network.arrays().values():
        array[...] = value
    return network


def replace_again_and_again(path: Path, times: int) -> None:
    networks = {value: constant_network(value) for value in (0.25, 0.75)}
    for number in range(times):
        value = (0.25, 0.75)[number % 2]
        save_network(path, networks[value], {"value": value})


def test_weights_replaced_while_being_read_are_old_or_new(tmp_path: Path, row: Callable[[str, str], None]) -> None:
    path = tmp_path / "weights.npz"
    replace_again_and_again(path, 1)
    writer = CONTEXT.Process(target=replace_again_and_again, args=(path, REPLACEMENTS))
    writer.start()
    written = threading.Event()
    one_reads = threading.Lock()
    seen: list[float] = []

    def read() -> None:
        while not written.is_set():
            classifier = DigitClassifier.load(path)
            value = classifier.header["value"]
            assert all((array == value).all() for array in classifier.network.arrays().values())
            with one_reads:
                seen.append(value)

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            status = finish(writer)  # asked by this thread alone: a process has one status to give
        finally:
            written.set()
        for reader in readers:
            reader.result()
    assert status == 0
    assert set(seen) == {0.25, 0.75}
    assert os.listdir(tmp_path) == ["weights.npz"]
    row(
        f"weights replaced {REPLACEMENTS:,} times while three threads read them {len(seen):,} times",
        "each reading gives either the old or the new weights completely",
    )
