"""Trains the seeds of a study on the workers of a Dask cluster, which need no access to this machine's files.

One worker loads the data set and sends it to each other worker once. If a worker is lost, another trains its seed from
the start, to the same weights. A finished run is written here as soon as it arrives, and is not trained again.
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from data.datasets import Dataset, load_dataset
from model.files import write_whole

from ..cluster import each
from ..train import description, new_trainer, train

FILES = ("history.csv", "weights.npz")  # in this order: with its weights a run is finished


def train_on_cluster(recipe: str, folders: dict[int, Path], dataset: str, scheduler: str) -> None:
    """Train each seed whose folder has no weights yet.

    Raises:
        ClusterError, MissingExtra: as in `training.cluster.each`.
        DatasetError, TrainingError: of a worker.
    """
    seeds = [seed for seed, folder in folders.items() if not (folder / "weights.npz").exists()]
    if not seeds:
        return  # a finished study needs no cluster
    load = partial(load_dataset, dataset)
    for seed, files in each(partial(train_seed, recipe=recipe), load, seeds, scheduler=scheduler, ordered=False):
        folders[seed].mkdir(parents=True, exist_ok=True)
        for name in FILES:
            write_whole(folders[seed] / name, files[name])


def train_seed(dataset: Dataset, seed: int, recipe: str) -> tuple[int, dict[str, bytes]]:
    """On a worker: train one seed on one thread. Returns it with the content of the run's files."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        train(new_trainer(description(recipe, None, dataset.name, seed, threads=1), dataset, folder))
        return seed, {name: (folder / name).read_bytes() for name in FILES}
