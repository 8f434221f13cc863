"""Write the model card of a weights file: `python -m training.studies.model_card WEIGHTS STROKES.npz`.

A card says how a network was trained, how well it reads, and what its weaknesses are (Mitchell et al., "Model Cards for
Model Reporting", 2019). It uses MNIST's test images: write it when all choices have been made.
"""

import inspect
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.datasets import DatasetError, load_dataset
from data.samples import load_samples
from model.architectures import ARCHITECTURES
from model.classifier import DigitClassifier
from model.files import write_whole
from model.reading import Verdict
from model.weights import WeightsError

from ..cli import Parser
from ..evaluation.metrics import ConfusedPair, Evaluation, evaluate
from ..formatting import duration, percent
from ..recipes import Recipe
from ..recognition.non_digit_drawings import non_digit_samples
from ..templates import Filters, template
from ..trainer import split
from ..training_set import added_images

TEMPLATE = Path(__file__).with_name("model_card.md.j2")
# The entries of the header that a card needs.
NEEDED = ("recipe", "settings", "dataset", "seed", "threads", "commit", "training_seconds", "validation_accuracy",
        "temperature")  # fmt: skip
NAMES = ("zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights", "nines")
WORST = 4  # digits to name
CONFUSED = 3  # pairs of digits to name


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 for bad input."""
    parser = Parser(
        prog="python -m training.studies.model_card", description="Write the model card of weights trained on MNIST."
    )
    parser.add_argument(
        "weights", type=Path, help="a weights file written by training.train; the card is written beside it"
    )
    parser.add_argument("strokes", help="a strokes file of real digits: data/samples.py describes the format")
    options = parser.parse_args(arguments)
    card = options.weights.with_suffix(".md")
    try:
        write_whole(card, card_of(options.weights, options.strokes))
    except (WeightsError, DatasetError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(card)
    return 0


def card_of(weights: Path, strokes: str) -> str:
    """The card, in Markdown.

    Raises:
        WeightsError: the file cannot be read, or does not say how it was trained.
        DatasetError: a data set or the strokes cannot be read.
    """
    classifier = DigitClassifier.load(weights)
    try:
        header = {name: classifier.header[name] for name in NEEDED}  # a missing one fails here, before the measurements
        recipe = Recipe.from_dict(header["settings"])
        if header["dataset"] != "mnist":
            raise WeightsError(f"{weights} was trained on {header['dataset']}: choose weights trained on MNIST")
        mnist, usps = load_dataset("mnist"), load_dataset("usps")
        learned, held_back = map(len, split(len(mnist.train_images)))
        drawn, labels = load_samples(strokes)
        of_mnist = measured(classifier, mnist.test_images, mnist.test_labels)
        of_drawn = measured(classifier, drawn, labels)
        _, non_digits = non_digit_samples()
        filters: Filters = {"percent": percent, "duration": duration, "pairs": pairs, "worst": worst_digits}
        return template(TEMPLATE, filters).render(
            name=weights.stem,
            header=header,
            recipe=recipe,
            network=(inspect.getdoc(ARCHITECTURES[recipe.architecture]) or "").splitlines()[0],
            parameters=classifier.network.parameter_count(),
            learned=learned,
            held_back=held_back,
            made=made_images(recipe, learned),
            mnist=of_mnist,
            pen=of_drawn,
            tests={
                "MNIST's test images": of_mnist,
                "USPS: digits from envelopes": measured(classifier, usps.test_images, usps.test_labels),
                f"`{Path(strokes).name}`: digits drawn with a pen": of_drawn,
            },
            non_digits=len(non_digits),
            refused={"rightly": refused(classifier, non_digits), "wrongly": refused(classifier, drawn)},
        )
    except (KeyError, TypeError) as error:
        raise WeightsError(f"{weights} does not say how it was trained ({error}): train it with this version") from None


def measured(classifier: DigitClassifier, images: NDArray[np.uint8], labels: NDArray[np.integer]) -> Evaluation:
    return evaluate(classifier.predict_proba(images), labels, ~images.any(axis=(1, 2)))


def refused(classifier: DigitClassifier, images: NDArray[np.uint8]) -> float:
    """The share of the images that are refused as non-digits."""
    return float(np.mean([reading.verdict is Verdict.NO_DIGIT for reading in classifier.read(images)]))


def made_images(recipe: Recipe, learned: int) -> dict[str, int]:
    """The numbers of added training images, by description."""
    added = added_images(recipe, learned)
    return {
        "redrawn in other writing styles": added.redrawn,
        "non-digit images, made from them or written from `training/examples/sign_skeletons.py`": added.outliers,
        "digits written from the skeletons of `training/examples/skeletons.py`": added.written,
    }


def pairs(confused: list[ConfusedPair]) -> str:
    """The most frequent confusions, as "ones as sevens (20)"."""
    return ", ".join(f"{NAMES[pair.truth]} as {NAMES[pair.answer]} ({pair.images})" for pair in confused[:CONFUSED])


def worst_digits(evaluation: Evaluation) -> str:
    """The digits with the lowest recall, as "ones (95.5 %), fours (97.4 %)"."""
    recalls = [(score.recall, score.digit) for score in evaluation.digits if score.recall is not None]
    return ", ".join(f"{NAMES[digit]} ({100 * recall:.1f} %)" for recall, digit in sorted(recalls)[:WORST])


if __name__ == "__main__":
    sys.exit(main())
