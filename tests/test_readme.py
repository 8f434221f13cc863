"""README.md: its Python runs, and prints what it says."""

import os
import re
import sys
from pathlib import Path
from subprocess import run

import numpy as np

from tests.drawings import DIGITS, number
from training.files import PROJECT
from training.recognition.pages import PENS, make_page

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_python_runs(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    for name, strokes in {"my-seven.png": DIGITS[7], "page.jpg": number(2, 0, 2, 6)}.items():
        drawn = [np.array(stroke) for stroke in strokes]
        (tmp_path / name).write_bytes(make_page(drawn, 60, PENS["felt"], "JPEG 10", np.random.default_rng(0)))
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-W", "error", "-c", program]
    done = run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    numbers, pictures = done.stdout.partition("my-seven")[::2]
    assert "epoch 1000/1000" in numbers
    assert len(numbers.rpartition("error=")[2].split("\n\n")) == 4  # an answer for each line of XOR
    assert pictures.splitlines() == [".png 7 digit", "page.jpg 2026 digit"]
