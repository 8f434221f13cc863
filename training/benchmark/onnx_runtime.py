"""ONNX Runtime's contestant in the benchmark: it only predicts, and is the fastest library for that."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions

from model.classifier import DigitClassifier

from ..export.onnx_graph import onnx_model
from . import jobs
from .measure import Work

AT_ONCE = 100  # images; larger and smaller batches are slower


def predicting_one(name: str, threads: int) -> Work:
    """The probabilities for one image, a hundred times."""
    session, images = session_of(name, 100, threads)

    def work() -> dict[str, float]:
        for image in images:
            probabilities = predict(session, image[None])
        return {"checksum": float(probabilities[0, 0])}

    return work


def predicting_many(name: str, count: int, threads: int) -> Work:
    """The probabilities for many images."""
    session, images = session_of(name, count, threads)

    def work() -> dict[str, float]:
        parts = [predict(session, images[start : start + AT_ONCE]) for start in range(0, count, AT_ONCE)]
        return {"checksum": float(np.concatenate(parts)[0, 0])}

    return work


def session_of(name: str, count: int, threads: int) -> tuple[Any, NDArray[np.uint8]]:
    """The network `name` as `training.export` writes it, loaded, and images for it."""
    network, images, _ = jobs.job(name, count)
    options = SessionOptions()
    options.intra_op_num_threads = threads
    model = onnx_model(DigitClassifier(network)).SerializeToString()
    return InferenceSession(model, options, providers=["CPUExecutionProvider"]), images


def predict(session: Any, images: NDArray[np.uint8]) -> Any:
    """The probabilities `(n, 10)`."""
    (probabilities,) = session.run(None, {session.get_inputs()[0].name: images})
    return probabilities
