"""notebooks/article_to_digits.py runs from top to bottom, from either folder, and learns."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from data.datasets import Dataset
from training.files import PROJECT

NOTEBOOK = PROJECT / "notebooks/article_to_digits.py"


@pytest.mark.slow
@pytest.mark.parametrize("folder", [PROJECT, NOTEBOOK.parent], ids=["project", "notebooks"])
def test_it_runs_from_top_to_bottom(folder: Path, tmp_path: Path, digits: Dataset) -> None:
    """A new process, as in a class: nothing that another test loaded is there."""
    picture = tmp_path / "mine.png"
    Image.fromarray(255 - digits.test_images[0]).save(picture)
    environment = {**os.environ, "DATASET": "digits", "PICTURE": str(picture), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "error", str(NOTEBOOK)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "Y      = [[2.5]]" in done.stdout
    assert "∂E/∂X  = [[ 30. -10.]]" in done.stdout
    assert float(re.findall(r"^epoch 1000/1000 error=(\S+)$", done.stdout, re.MULTILINE)[0]) < 0.01
    assert len(re.findall(r"^[XWB] .* \d\.\de-\d\d$", done.stdout, re.MULTILINE)) == 14
    (accuracy,) = re.findall(r"^read right: (\S+) % of 129 images", done.stdout, re.MULTILINE)
    assert float(accuracy) > 70
    shares = [int(share) for share in re.findall(r"^\d █* ?(\d+) %$", done.stdout, re.MULTILINE)]
    assert len(shares) == 10
    assert 95 <= sum(shares) <= 105


@pytest.mark.slow
def test_few_images_are_enough_to_see_it_run(digits: Dataset) -> None:
    environment = {**os.environ, "DATASET": "digits", "IMAGES": "200", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(NOTEBOOK)]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "digits: 200 images to learn, 129 others to measure on" in done.stdout


def test_every_cell_is_code_or_markdown() -> None:
    """As VS Code and jupytext read the percent format: a markdown cell is all comments, and code follows on text."""
    cells = re.split(r"^# %%", NOTEBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert cells[0] == ""
    assert len(cells) > 10
    for text, code in zip(cells[1::2], cells[2::2], strict=True):
        first, *lines = text.strip().splitlines()
        assert first == "[markdown]"
        assert all(line.startswith("#") for line in lines)
        compile(code, "cell", "exec")
