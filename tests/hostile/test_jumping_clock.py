"""The clock is set back and forward during training: weights and reported times do not depend on it."""

import csv
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.hostile.conftest import TORTURE
from tests.hostile.training_process import assert_same_outcome
from training.runs.progress import Progress, read_progress
from training.train import main
from training.watcher import Watcher

RUN = ["--recipe", "article", "--dataset", "digits", "--threads", "2", "--name"]
YEARS = 3e8  # seconds
EPOCHS = 20 if TORTURE else 3


def test_a_clock_that_jumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Callable[[str, str], None]) -> None:
    monkeypatch.chdir(tmp_path)
    steady = [*RUN, "steady", "--epochs", str(EPOCHS)]
    assert main(steady) == 0

    rng, clock, jumps = np.random.default_rng(0), time.time, 0

    def jumping() -> float:
        nonlocal jumps
        jumps += 1
        return clock() + rng.uniform(-YEARS, YEARS)

    for name in ("time.time", "tqdm.std.time"):  # the progress bar has a name of its own for it
        monkeypatch.setattr(name, jumping)
    told: list[Progress] = []
    write = Watcher.__call__

    def look(watcher: Watcher, trainer: object) -> None:
        watcher.last = -np.inf
        write(watcher, trainer)  # type: ignore[arg-type]
        progress = read_progress(Path("runs/jumping/progress.json"))
        assert progress is not None
        told.append(progress)

    monkeypatch.setattr(Watcher, "__call__", look)
    assert main([*RUN, "jumping", "--epochs", str(EPOCHS)]) == 0
    assert jumps > 5
    assert_same_outcome(Path("runs/jumping"), Path("runs/steady"))
    with open("runs/jumping/history.csv", newline="") as file:
        history = [float(epoch["seconds"]) for epoch in csv.DictReader(file)]
    for seconds in (history, [progress.seconds for progress in told]):
        assert len(seconds) >= EPOCHS
        assert seconds == sorted(seconds)
        assert seconds[0] >= 0
        assert seconds[-1] < 1e5
    assert all(0 <= progress.seconds_left < 1e6 for progress in told)
    row(
        f"the clock set ten years back or forward {jumps:,} times during a training",
        "the same weights, bit for bit; the reported training time is right",
    )
