"""Prediction compared with PyTorch and ONNX Runtime: one image, many images, and the first of a new process."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from model.weights import save_network

from .. import jobs
from ..comparison import Row, Settings, against, turns

NAMES = ("quick", "best")


def one_image(settings: Settings) -> Iterator[Row]:
    """From one uint8 image to probabilities, in a warm process."""
    for name in NAMES:
        for mode, target in (("eager", 0.5), ("TorchScript", 0.7)):
            samples = turns(
                settings,
                ("ours", "ours.predicting_one", (name,)),
                *(
                    (f"{mode}, threads: {threads}", "pytorch.predicting_one", (name, threads, mode))
                    for threads in settings.one_and_all
                ),
            )
            yield against(f"one image, `{name}`, against {mode}", samples, 100, target, faster=False, unit="ms")


def many_images(settings: Settings) -> Iterator[Row]:
    """From 10,000 uint8 images to outputs."""
    for name, target in zip(NAMES, (1.2, 1.6), strict=True):
        samples = turns(
            settings,
            ("ours", "ours.predicting_many", (name, 10_000, settings.threads)),
            *(
                (mode, "pytorch.predicting_many", (name, 10_000, settings.threads, mode))
                for mode in ("eager", "channels_last")
            ),
        )
        yield against(f"10,000 images, `{name}`, per image", samples, 10_000, target, faster=True)


def onnx_runtime(settings: Settings) -> Iterator[Row]:
    """One image and many compared with ONNX Runtime, on one thread and on all."""
    for name in NAMES:
        for threads in settings.one_and_all:
            samples = turns(
                settings,
                ("ours", "ours.predicting_one", (name,)),
                ("ONNX Runtime", "onnx_runtime.predicting_one", (name, threads)),
            )
            row = f"one image, `{name}`, against ONNX Runtime, threads: {threads}"
            yield against(row, samples, 100, 1.5, faster=False, unit="ms")
    for name in NAMES:
        for threads in settings.one_and_all:
            samples = turns(
                settings,
                ("ours", "ours.predicting_many", (name, 10_000, threads)),
                ("ONNX Runtime", "onnx_runtime.predicting_many", (name, 10_000, threads)),
            )
            row = f"10,000 images, `{name}`, against ONNX Runtime, threads: {threads}, per image"
            yield against(row, samples, 10_000, 1.5, faster=False)


def start(settings: Settings) -> Iterator[Row]:
    """A new process up to its first prediction."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "quick.npz"
        save_network(weights, jobs.job("quick")[0])
        samples = turns(
            settings,
            ("ours", "ours.from_nothing", (weights,)),
            ("eager", "pytorch.from_nothing", (Path(folder),)),
        )
        yield against("new process to first prediction", samples, 3, 0.15, faster=False, unit="ms")
