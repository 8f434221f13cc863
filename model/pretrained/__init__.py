"""The weights that come with the project, each with its model card, and their short names."""

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def path_of(name: str | os.PathLike[str]) -> Path:
    """The weights file that `name` means: `best` is one of this folder, in whatever folder one works.

    So is `model/pretrained/best.npz`, its path in a clone. All else, and a file of such a name in the folder in which
    one works, is a path as it stands.
    """
    path = Path(name)
    ours = FOLDER / f"{path.stem}.npz"
    # os.path.isfile says no of a name that cannot be, such as one that is too long; Path.is_file raises.
    is_ours = path.as_posix() in (ours.stem, f"model/pretrained/{ours.name}") and os.path.isfile(ours)
    return ours if is_ours and not os.path.isfile(path) else path
