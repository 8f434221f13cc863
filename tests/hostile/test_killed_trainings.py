"""`kill -9` at any point of a training, including saves: the resumed run gives the same weights, bit for bit."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.hostile.conftest import TORTURE
from tests.hostile.training_process import assert_same_outcome, finish, kill, start
from training.checkpoint import load_checkpoint

RUNS = 50 if TORTURE else 3
MOST_KILLS = 4  # of one run
# Two networks whose statistics no checkpoint holds, the second with made-up images, and one without either.
RECIPES = {"tiny": 3, "quick": 2, "article": 4}
CALLS_A_SAVE = 2  # to make sure of a file, and to rename it


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, float]]:
    """A run of each recipe that nobody disturbed: its folder, and how many seconds it took."""
    runs = {}
    for recipe in RECIPES:
        root = tmp_path_factory.mktemp(recipe)
        started = time.monotonic()
        assert finish(start(root, arguments(recipe))) == 0, (root / "printed.txt").read_text()
        runs[recipe] = root / "runs" / "mine", time.monotonic() - started
    return runs


def arguments(recipe: str) -> list[str]:
    epochs = str(RECIPES[recipe])
    return ["--recipe", recipe, "--dataset", "digits", "--epochs", epochs, "--threads", "2", "--name", "mine"]


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_in_the_same_bits(
    whole: dict[str, tuple[Path, float]], tmp_path: Path, row: Callable[[str, str], None]
) -> None:
    kills, kills_while_saving = 0, 0
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        recipe = list(RECIPES)[seed % len(RECIPES)]
        folder, seconds = whole[recipe]
        root = tmp_path / str(seed)
        root.mkdir()
        run = root / "runs" / "mine"
        for _ in range(rng.integers(1, MOST_KILLS + 1)):
            more = ["--resume"] if (run / "checkpoint.npz").exists() else []
            if rng.random() < 0.5:
                process = start(root, arguments(recipe) + more, die_at=int(rng.integers(4 * CALLS_A_SAVE)))
                finish(process)
            else:
                process = start(root, arguments(recipe) + more)
                process.join(rng.uniform(0, seconds))
                kill(process)
            kills += process.exitcode == -9
            kills_while_saving += any(run.glob(".*.part"))
            if (run / "checkpoint.npz").exists():
                load_checkpoint(run / "checkpoint.npz")  # whole, whatever happened
        more = ["--resume"] if (run / "checkpoint.npz").exists() else []
        assert finish(start(root, arguments(recipe) + more)) == 0, (root / "printed.txt").read_text()
        assert_same_outcome(run, folder)
        assert "Traceback" not in (root / "printed.txt").read_text()
        assert files_of(run) == files_of(folder), "something is left behind"
    assert kills >= RUNS
    assert kills_while_saving > 0
    row(
        f"{kills} times `kill -9` in {RUNS} trainings, {kills_while_saving} times while saving, then `--resume`",
        f"{RUNS} of {RUNS} give the same weights as without interruption, bit for bit",
    )


def files_of(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}
