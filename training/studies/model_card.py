"""Write the model card of a weights file, beside it: `python -m training.studies.model_card WEIGHTS STROKES.npz`.

A card says what a network was trained on and how, how well it reads, and what it reads badly (Mitchell et al., "Model
Cards for Model Reporting", 2019). It reads MNIST's test images: write one when nothing is to be chosen any more.
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
from ..recognition.non_digit_drawings import drawings_of_no_digit
from ..templates import Filters, template
from ..trainer import split
from ..training_set import added_images

TEMPLATE = Path(__file__).with_name("model_card.md.j2")
# What a card takes from the weights' header.
TOLD = ("recipe", "settings", "dataset", "seed", "threads", "commit", "training_seconds", "validation_accuracy",
        "temperature")  # fmt: skip
NAMES = ("zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights", "nines")
WORST = 4  # digits to name
CONFUSED = 3  # pairs of digits to name


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 for bad input."""
    parser = Parser(
        prog="python -m training.studies.model_card", description="Write the model card of weights trained on MNIST."
    )
    parser.add_argument("weights", type=Path, help="as training.train wrote them; the card goes beside them")
    parser.add_argument("strokes", help="a file of real digits: data/samples.py says what is in one")
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
        WeightsError: the file cannot be read, or does not tell how it was trained.
        DatasetError: a data set or the strokes cannot be read.
    """
    classifier = DigitClassifier.load(weights)
    try:
        header = {name: classifier.header[name] for name in TOLD}  # missed now, not once all is measured
        recipe = Recipe.from_dict(header["settings"])
        if header["dataset"] != "mnist":
            raise WeightsError(
                f"{weights} was trained on {header['dataset']}: only what was trained on MNIST has a card"
            )
        mnist, usps = load_dataset("mnist"), load_dataset("usps")
        learned, held_back = map(len, split(len(mnist.train_images)))
        drawn, labels = load_samples(strokes)
        of_mnist = measured(classifier, mnist.test_images, mnist.test_labels)
        of_drawn = measured(classifier, drawn, labels)
        _, no_digits = drawings_of_no_digit()
        filters: Filters = {"percent": percent, "duration": duration, "pairs": pairs, "worst": worst_digits}
        return template(TEMPLATE, filters).render(
            name=weights.stem,
            header=header,
            recipe=recipe,
            network=(inspect.getdoc(ARCHITECTURES[recipe.architecture]) or "").splitlines()[0],
            parameters=sum(array.size for array in classifier.network.parameters().values()),
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
            no_digits=len(no_digits),
            refused={"rightly": refused(classifier, no_digits), "wrongly": refused(classifier, drawn)},
        )
    except (KeyError, TypeError) as error:
        raise WeightsError(
            f"{weights} does not tell how it was trained ({error}): train it with this version"
        ) from None


def measured(classifier: DigitClassifier, images: NDArray[np.uint8], labels: NDArray[np.integer]) -> Evaluation:
    return evaluate(classifier.predict_proba(images), labels, ~images.any(axis=(1, 2)))


def refused(classifier: DigitClassifier, images: NDArray[np.uint8]) -> float:
    """The share of the pictures that are said to be no digit."""
    return float(np.mean([reading.verdict is Verdict.NO_DIGIT for reading in classifier.read(images)]))


def made_images(recipe: Recipe, learned: int) -> dict[str, int]:
    """What was learned beside the images of the data set, and how much of it."""
    added = added_images(recipe, learned)
    return {
        "redrawn as other hands write them": added.redrawn,
        "of no digit, put together from them": added.outliers,
        "digits written from the skeletons of `training/examples/skeletons.py`": added.written,
    }


def pairs(confused: list[ConfusedPair]) -> str:
    """The most frequent confusions, as "ones as sevens (20)"."""
    return ", ".join(f"{NAMES[pair.truth]} as {NAMES[pair.answer]} ({pair.images})" for pair in confused[:CONFUSED])


def worst_digits(evaluation: Evaluation) -> str:
    """The digits that fare worst, as "ones (95.5 %), fours (97.4 %)"."""
    recalls = [(score.recall, score.digit) for score in evaluation.digits if score.recall is not None]
    return ", ".join(f"{NAMES[digit]} ({100 * recall:.1f} %)" for recall, digit in sorted(recalls)[:WORST])


if __name__ == "__main__":
    sys.exit(main())
