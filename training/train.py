"""Train a network and save it as `runs/<name>/weights.npz`: `python -m training.train --recipe quick`."""

import argparse
import dataclasses
import platform
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from data.datasets import TRAINABLE, Dataset, DatasetError, OpenMLUnreachable, load_dataset
from model.architectures import build_network
from model.files import clear_unfinished
from model.images import images_to_input
from model.losses import LOSSES
from model.network import Network
from model.weights import WeightsError, fill, save_network

from .calibration import calibrate
from .checkpoint import load_checkpoint
from .cli import Parser, commit, natural, positive
from .extras import MissingExtra
from .files import RUNS, WRITABLE
from .parallel.network import WorkerLost, usable_cores
from .recipes import RECIPES, Recipe
from .runs.lock import CAN_LOCK, Locked, locked
from .runs.run import LOCK, RunError, holds_a_run, run_name
from .tensorboard_events import EventWriter
from .trainer import Progress, Trainer, TrainingError, split
from .training_set import added_images
from .watcher import Watcher


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, 1 if training failed, 2 for bad input, 130 after Ctrl-C."""
    parser = Parser(prog="python -m training.train", description="Train a network to read digits.")
    parser.add_argument("--recipe", choices=RECIPES, default="quick", help="the recipe (default: %(default)s)")
    parser.add_argument(
        "--dataset",
        choices=TRAINABLE,
        help="the data set (default: mnist, or scikit-learn's small digits if OpenML cannot be reached)",
    )
    parser.add_argument("--epochs", type=positive, help="number of epochs (default: the recipe's)")
    parser.add_argument("--seed", type=natural, default=0, help="default: %(default)s")
    parser.add_argument("--threads", type=positive, default=usable_cores(), help="default: the cores, %(default)s")
    parser.add_argument("--name", type=run_name, help="folder in runs/ (default: the recipe's name)")
    parser.add_argument("--resume", action="store_true", help="resume this run with its original settings")
    parser.add_argument("--tensorboard", action="store_true", help="write event files too, into the run's tensorboard/")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and do nothing")
    options = parser.parse_args(arguments)
    try:
        return run(options)
    except (DatasetError, MissingExtra, RunError, WeightsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        folder = RUNS / (options.name or options.recipe)
        started = (folder / "checkpoint.npz").exists()
        kept = f"The checkpoint in {folder} is kept" if started else f"Nothing is saved in {folder} yet"
        print(f"error: {error}. {kept}: {WRITABLE}, then {'--resume' if started else 'start again'}", file=sys.stderr)
        return 2
    except (TrainingError, WorkerLost) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(options: argparse.Namespace) -> int:
    """Train the run, unless another process is training it."""
    folder = RUNS / (options.name or options.recipe)
    if options.resume and (folder / "weights.npz").exists():
        print(f"{folder / 'weights.npz'} is finished.")
        return 0
    if options.resume and not (folder / "checkpoint.npz").exists():
        raise RunError(f"there is no run in {folder} to resume: start it without --resume")
    if options.dry_run:
        set_up(options, folder)
        return 0
    if not CAN_LOCK:
        print(f"warning: this system has no file locks: make sure that no other process trains {folder}.")
    events = EventWriter(folder / "tensorboard") if options.tensorboard else None
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(folder / LOCK), closing(events) if events else nullcontext():
            clear_unfinished(folder)
            return train(set_up(options, folder), events)
    except Locked:
        raise RunError(f"{folder} is being trained by another process: use --name NAME to start another run") from None


def set_up(options: argparse.Namespace, folder: Path) -> Trainer:
    """A trainer for the run, either new or restored from its checkpoint."""
    if options.resume:
        trainer = restored(folder)
    else:
        if holds_a_run(folder):
            resume = "use --resume to resume it, or " if (folder / "checkpoint.npz").exists() else "use "
            raise RunError(f"there is already a run in {folder}: {resume}--name NAME to start another")
        dataset = dataset_or_fallback(options.dataset)
        about = description(options.recipe, options.epochs, dataset.name, options.seed, options.threads)
        trainer = new_trainer(about, dataset, folder)
    print(summary(trainer.about, trainer.network, trainer.dataset, folder))
    return trainer


def restored(folder: Path) -> Trainer:
    """The trainer of a run, as its checkpoint left it.

    Raises:
        RunError: the checkpoint is from another version of this project.
    """
    parameters, optimizer_state, saved = load_checkpoint(folder / "checkpoint.npz")
    try:
        trainer = new_trainer(saved["about"], load_dataset(saved["about"]["dataset"]), folder)
        fill(trainer.network.parameters(), parameters)
        trainer.progress = Progress(**saved["progress"])
    except DatasetError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError):  # a setting, layer or field that there was or is not
        raise RunError(
            f"{folder} belongs to another version of this project: use --name NAME to start a new run"
        ) from None
    trainer.optimizer.state = optimizer_state
    return trainer


def new_trainer(about: dict[str, Any], dataset: Dataset, folder: Path) -> Trainer:
    """A trainer for a run with these settings, with random weights."""
    recipe = Recipe.from_dict(about["settings"])
    network = build_network(recipe.architecture, np.random.default_rng(about["seed"]))
    network.use(*LOSSES[recipe.loss])
    return Trainer(recipe, network, dataset, about["seed"], about["threads"], folder, about)


def train(trainer: Trainer, events: EventWriter | None = None) -> int:
    """Train to the end, and save the weights."""
    folder, network, dataset = trainer.folder, trainer.network, trainer.dataset
    watchers: list[Callable[[Trainer], None]] = [Watcher(trainer), *filter(None, [events])]

    def watch(trainer: Trainer) -> None:
        for watcher in watchers:
            watcher(trainer)

    with stopping_on_signals(trainer):
        finished = trainer.train(watch)
    if not finished:
        print(f"Stopped and saved. To resume: python -m training.train --name {folder.name} --resume")
        return 130
    last = trainer.progress.history[-1]
    outputs = network.predict(images_to_input(dataset.train_images[trainer.validation_rows]))
    header = {
        **trainer.about,
        "validation_accuracy": last["validation_accuracy"],
        **calibrate(outputs, dataset.train_labels[trainer.validation_rows]),
        "training_seconds": last["seconds"],
        "commit": commit(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
    }
    save_network(folder / "weights.npz", network, header)
    accuracy = f"{100 * last['validation_accuracy']:.2f} % of {len(trainer.validation_rows):,} validation images"
    print(f"Read {accuracy} after {last['seconds']:.0f} s of training on {dataset.name}: {folder / 'weights.npz'}")
    return 0


@contextmanager
def stopping_on_signals(trainer: Trainer) -> Iterator[None]:
    """First Ctrl-C or SIGTERM: finish the step and save. Second: default handling.

    Python handles signals in the main thread only: for a run in another thread, as in a notebook, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def request_stop(signal_number: int, frame: object) -> None:
        trainer.stop()
        signal.signal(signal_number, before[signal.Signals(signal_number)])

    before = {number: signal.signal(number, request_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signal_number, handler in before.items():
            signal.signal(signal_number, handler)


def dataset_or_fallback(name: str | None) -> Dataset:
    """The requested data set; by default MNIST, or scikit-learn's digits if MNIST cannot be downloaded."""
    try:
        return load_dataset(name or "mnist")
    except OpenMLUnreachable as error:
        if name is not None:
            raise OpenMLUnreachable(
                f"{error}: go online, set SCIKIT_LEARN_DATA to a folder that contains its cache, or train on "
                "scikit-learn's small digits with --dataset digits"
            ) from None
        print(f"{error}: training on scikit-learn's small digits instead of MNIST.")
        return load_dataset("digits")


def description(name: str, epochs: int | None, dataset: str, seed: int, threads: int) -> dict[str, Any]:
    """The settings that determine a run's result, as stored in checkpoints and weights files."""
    recipe = RECIPES[name]
    if epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=epochs)
    settings = dataclasses.asdict(recipe)
    return {"recipe": name, "settings": settings, "dataset": dataset, "seed": seed, "threads": threads}


def summary(about: dict[str, Any], network: Network, dataset: Dataset, folder: Path) -> str:
    """The run's settings and network as text for the terminal."""
    lines = [f"Recipe {about['recipe']}, seed {about['seed']}, {about['threads']} threads, into {folder}/"]
    for layer in network.layers:
        count = sum(array.size for array in layer.parameters.values())
        lines.append(
            f"  {type(layer).__name__:16} → {layer.output_shape!s:13} {f'{count:,} parameters' if count else ''}"
        )
    rows, held_back = split(len(dataset.train_images))
    epochs = about["settings"]["epochs"]
    lines.append(f"  {network.parameter_count():,} parameters in total")
    added = sum(added_images(Recipe.from_dict(about["settings"]), len(rows)))
    made = f" and {added:,} made for this recipe" if added else ""
    images = f"{len(rows):,} images of {dataset.name}{made}"
    lines.append(f"{epochs} epochs of {images}; {len(held_back):,} for validation")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
