"""A Dask cluster on this computer gives what one process gives, even if a worker is killed in the middle."""

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.files import read_arrays
from tests.running_app import PROJECT, free_port
from tests.running_cluster import running_cluster
from training.examples.written_digits import write_digits
from training.read import main

DIFFERENT = 100  # pictures; more files have the same content
# The study's command on scikit-learn's small digits.
STUDY = """
import sys
from training.studies import seeds
seeds.DATASET = "digits"
sys.exit(seeds.main(sys.argv[1:]))
"""
SEEDS = (0, 1, 2, 3)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, str]]]:
    """A folder with pictures of written digits, one of them broken, and the rows that one process reads in them."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "scans").mkdir()
    digits = (np.arange(DIFFERENT) % 10).astype(np.uint8)
    for number, image in enumerate(write_digits(digits, np.random.default_rng(0))):
        Image.fromarray(255 - np.pad(image, 10)).save(folder / f"scans/{number:04}.png")
    (folder / "scans/0007.png").write_bytes(b"no picture")
    assert main([str(folder / "scans"), "--weights", "tiny", "--jobs", "1", "--output", str(folder / "rows.csv")]) == 0
    with open(folder / "rows.csv", newline="", encoding="utf-8") as file:
        return folder / "scans", [{**row, "file": Path(row["file"]).name} for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.parametrize(("count", "killed"), [(300, False), (2_000, True)])
def test_a_cluster_reads_the_same_rows(
    count: int, killed: bool, alone: tuple[Path, list[dict[str, str]]], tmp_path: Path
) -> None:
    pictures, rows = alone
    (tmp_path / "scans").mkdir()
    for number in range(count):
        os.link(pictures / f"{number % DIFFERENT:04}.png", tmp_path / f"scans/{number:04}.png")
    with running_cluster(tmp_path, workers=2) as cluster:
        command = ["training.read", "scans", "--weights", "tiny", "--scheduler", cluster.scheduler]
        with command_line(tmp_path, "-m", *command) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(count // 10)]
            if killed:
                cluster.workers[0].kill()
            lines += process.stdout
        assert process.returncode == 0
        if killed:
            assert cluster.workers[0].wait() < 0
            assert "Lost all workers" not in (tmp_path / "cluster.txt").read_text()
    expected = [{**rows[number % DIFFERENT], "file": f"scans/{number:04}.png"} for number in range(count)]
    assert list(csv.DictReader(lines)) == expected


def command_line(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Python with these arguments in a folder, its output to be read."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def study(
    folder: Path, *options: str, meanwhile: Callable[[], None] = lambda: None
) -> dict[str, list[dict[str, float]]]:
    """Run the study in the folder; its rows."""
    arguments = ["--recipe", "sprint", "--seeds", *map(str, SEEDS), "--datasets", "digits", *options]
    process = command_line(folder, "-c", STUDY, *arguments)
    meanwhile()
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    rows: dict[str, list[dict[str, float]]] = json.loads((folder / "runs/sprint-study/study.json").read_text())
    return rows


@pytest.mark.slow
def test_a_study_on_a_cluster_trains_the_same_weights_and_resumes(tmp_path: Path) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    alone.mkdir()
    together.mkdir()
    weights = [f"runs/sprint-seed{seed}/weights.npz" for seed in SEEDS]
    rows = study(alone)
    with running_cluster(tmp_path, workers=2) as cluster:

        def kill_one_worker() -> None:
            deadline = time.monotonic() + 300
            while not any((together / file).exists() for file in weights) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert not all((together / file).exists() for file in weights), "it was over before"
            cluster.workers[0].kill()

        assert study(together, "--scheduler", cluster.scheduler, meanwhile=kill_one_worker) == rows
        for file in weights:
            ours, theirs = read_arrays(alone / file), read_arrays(together / file)
            del ours["header"], theirs["header"]  # with the time that it took
            assert ours.keys() == theirs.keys()
            assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
        history = [line.rpartition(",")[0] for line in (alone / "runs/sprint-seed0/history.csv").read_text().split()]
        assert [
            line.rpartition(",")[0] for line in (together / "runs/sprint-seed0/history.csv").read_text().split()
        ] == (history)

        (together / weights[2]).unlink()
        trained = {file: (together / file).stat().st_mtime_ns for file in weights if (together / file).exists()}
        assert study(together, "--scheduler", cluster.scheduler) == rows
        assert trained == {file: (together / file).stat().st_mtime_ns for file in trained}
    assert study(together, "--scheduler", cluster.scheduler) == rows  # finished: no cluster is needed


@pytest.mark.slow
def test_the_grid_search_of_the_page_runs_on_the_cluster(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "cluster.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert page.count("tcp://192.168.1.20:8786") > program.count("tcp://192.168.1.20:8786") == 1
    with running_cluster(tmp_path, workers=2) as cluster:
        with command_line(tmp_path, "-c", program.replace("tcp://192.168.1.20:8786", cluster.scheduler)) as process:
            output, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors
    assert re.fullmatch(r"\{'epochs': \d+, 'learning_rate': 0\.\d+\}\n", output)


@pytest.mark.slow  # it waits ten seconds for an answer
def test_no_scheduler_is_one_line(alone: tuple[Path, list[dict[str, str]]], tmp_path: Path) -> None:
    nobody = f"tcp://127.0.0.1:{free_port()}"
    for arguments in (
        ["-m", "training.read", str(alone[0]), "--scheduler", nobody, "--output", "rows.csv"],
        ["-m", "training.studies.seeds", "--recipe", "sprint", "--seeds", "0", "--scheduler", nobody],
        ["-m", "training.read", str(alone[0]), "--scheduler", "nonsense", "--output", "rows.csv"],
    ):
        with command_line(tmp_path, *arguments) as process:
            _, errors = process.communicate(timeout=120)
        assert process.returncode == 1
        assert errors.splitlines()[-1].startswith("error: no Dask scheduler answers at ")
        assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_threads_are_for_one_computer(capsys: pytest.CaptureFixture[str]) -> None:
    from training.studies.seeds import main

    with pytest.raises(SystemExit) as end:
        main(["--scheduler", "tcp://127.0.0.1:1", "--threads", "2"])
    assert end.value.code == 2
    assert "leave out --threads" in capsys.readouterr().err
