"""Checkpoints: a run that is resumed from one gives the same weights, bit for bit, as one that was never interrupted.

A checkpoint holds no random state: everything random in a run follows from its seed, the epoch and the step.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from model.files import ArchiveError, brief, read_arrays, read_json, write_arrays
from model.layer import Arrays
from model.weights import WeightsError


def save_checkpoint(path: Path, parameters: Arrays, optimizer_state: Arrays, progress: dict[str, Any]) -> None:
    """Write everything to one file, atomically.

    Args:
        progress: the rest of the run's state, as JSON data.

    Raises:
        OSError: the disk is full or read-only; the previous checkpoint is unchanged.
    """
    arrays = {f"parameters/{name}": array for name, array in parameters.items()}
    arrays |= {f"optimizer/{name}": array for name, array in optimizer_state.items()}
    arrays["progress"] = np.frombuffer(json.dumps(progress).encode(), np.uint8)
    write_arrays(path, arrays)


def load_checkpoint(path: Path) -> tuple[Arrays, Arrays, dict[str, Any]]:
    """The parameters, optimizer state and progress that `save_checkpoint` was given.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    try:
        arrays = read_arrays(path)
        progress = read_json(arrays.pop("progress"))
        parts: dict[str, Arrays] = {"parameters": {}, "optimizer": {}}
        for key, array in arrays.items():
            part, _, name = key.partition("/")
            parts[part][name] = array
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from None
    except ArchiveError as error:
        raise WeightsError(f"{path} is damaged ({error}): delete it and start the run again") from None
    except (KeyError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is not a checkpoint ({brief(error)}): delete it and start the run again") from None
    return parts["parameters"], parts["optimizer"], progress
