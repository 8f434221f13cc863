"""Checkpoints: everything a run needs to go on after any interruption as if there had been none, bit for bit.

Nothing random is in one: every draw of a run follows from its seed and the number of the epoch and step.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from model.files import ArchiveError, brief, read_arrays, read_json, write_arrays
from model.layer import Arrays
from model.weights import WeightsError


def save_checkpoint(path: Path, parameters: Arrays, optimizer_state: Arrays, progress: dict[str, Any]) -> None:
    """Write the three to one file, whole or not at all.

    Args:
        progress: what else there is to remember, as JSON can hold it.

    Raises:
        OSError: the disk is full or read-only; the last checkpoint still stands.
    """
    arrays = {f"parameters/{name}": array for name, array in parameters.items()}
    arrays |= {f"optimizer/{name}": array for name, array in optimizer_state.items()}
    arrays["progress"] = np.frombuffer(json.dumps(progress).encode(), np.uint8)
    write_arrays(path, arrays)


def load_checkpoint(path: Path) -> tuple[Arrays, Arrays, dict[str, Any]]:
    """Parameters, optimizer state and progress, as `save_checkpoint` was given them.

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
        raise WeightsError(f"{path} is damaged ({error}): delete it and start the run anew") from None
    except (KeyError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is no checkpoint ({brief(error)}): delete it and start the run anew") from None
    return parts["parameters"], parts["optimizer"], progress
