"""What each recipe is, and what came of it, from the weights that come with the project."""

import numpy as np

from model.architectures import build_network
from model.classifier import DigitClassifier
from model.pretrained import FOLDER
from model.weights import WeightsError
from training.formatting import duration, percent
from training.recipes import RECIPES, Recipe

DESCRIPTIONS = {
    "quick": "Two convolutions with pooling, then two fully connected layers: the one to start with.",
    "best": "Five convolutions with dropout: the most accurate, and the slowest.",
    "tiny": "Four narrow convolutions with less than 5,000 weights: nearly as accurate as the others.",
    "article": "The article’s own network: one kernel, two fully connected layers, tanh throughout.",
    "sprint": "The network of quick, two epochs on the images as they are: a whole training while you watch.",
}


def describe(recipe: str) -> str:
    """A recipe in a few sentences: its network, its size, and how long it took and how well it read when measured."""
    return f"{DESCRIPTIONS[recipe]} {parameters(RECIPES[recipe]):,} parameters. {outcome(recipe)}"


def parameters(recipe: Recipe) -> int:
    return build_network(recipe.architecture, np.random.default_rng(0)).parameter_count()


def outcome(recipe: str) -> str:
    """Time and accuracy of the run whose weights come with the project, or that there is none."""
    try:
        header = DigitClassifier.load(FOLDER / f"{recipe}.npz").header
        seconds, accuracy, threads = (header[key] for key in ("training_seconds", "validation_accuracy", "threads"))
        settings = Recipe.from_dict(header["settings"])
    except (WeightsError, KeyError, TypeError):
        return "It was not measured for this page."
    cores = "one core" if threads == 1 else f"{threads} cores"
    earlier = "" if settings == RECIPES[recipe] else "an earlier form of this recipe, "
    return (
        f"On MNIST, {percent(accuracy)} of the validation images were read right after {duration(seconds)} on {cores} "
        f"({earlier}{settings.epochs} epochs)."
    )
