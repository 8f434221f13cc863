"""docs/ecosystem.md: everything on it runs."""

import os
import re
import sys
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from PIL import Image

from data.datasets import Dataset
from training.files import PROJECT
from training.read import PIXELS

PAGE = (PROJECT / "docs/ecosystem.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```(python|sh)\n(.*?)```", PAGE, re.DOTALL)


def test_examples_are_short() -> None:
    assert len(EXAMPLES) >= 8
    assert all(len(text.split("\n")) - text.count("\n\n") <= 6 for _, text in EXAMPLES)  # blank lines apart


@pytest.mark.slow
def test_every_example_runs(tmp_path: Path, digits: Dataset) -> None:
    """One after the other, in a folder with some scans; `digits` is what `pip install` would make."""
    command = tmp_path / "bin/digits"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\nimport sys\nfrom app.command import main\nsys.exit(main())\n")
    command.chmod(0o755)
    folder = tmp_path / "work"
    (folder / "scans").mkdir(parents=True)
    for number, image in enumerate(digits.test_images[:3]):
        Image.fromarray(255 - image).save(folder / f"scans/{number}.png")
    pixels = digits.test_images[:3].reshape(3, -1)
    np.savetxt(folder / "test.csv", pixels, "%d", ",", header=",".join(PIXELS), comments="")
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PATH": path}
    printed = []
    for language, text in EXAMPLES:
        program = ["sh", "-ec", text] if language == "sh" else [sys.executable, "-W", "error", "-c", text]
        done = run(program, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        printed.append(done.stdout)
    output = "".join(printed)
    assert float(printed[0]) > 0.9
    assert "(3, 10)\nd" in output
    assert "\nbest\n" in output
    assert "scans/1.png" in printed[-2]
    assert len((folder / "readings.csv").read_text().splitlines()) == 4
    assert (folder / "submission.csv").read_text().startswith("ImageId,Label\n1,")
    assert list((folder / "runs/sprint/tensorboard").iterdir())
