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
    is_ours = path.as_posix() in (ours.stem, f"model/pretrained/{ours.name}") and ours.is_file()
    return ours if is_ours and not path.is_file() else path
