"""The report's plots as PNG bytes. Only this file uses matplotlib."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..pictures import from_png
from ..runs.progress import Epoch
from .report_file import PicturedAnswer
from .scores import Answering, CalibrationBin

MISTAKES_SHOWN, MISTAKES_IN_A_ROW = 24, 8


class Theme(NamedTuple):
    """The colours of a light or a dark page."""

    paper: str
    ink: str
    quiet: str
    first: str
    second: str


LIGHT = Theme(paper="#ffffff", ink="#1b1f24", quiet="#8b949e", first="#1f6fb4", second="#e5707a")
DARK = Theme(paper="#16191d", ink="#eceff2", quiet="#7d8590", first="#74b9ff", second="#c9495d")


def confusion_plot(confusion: Sequence[Sequence[int]], theme: Theme) -> bytes:
    """The confusion matrix. Right answers have no colour: they would outshine every confusion."""
    counts = np.array(confusion)
    wrong = np.where(np.eye(10, dtype=bool), 0, counts)
    with in_colours(theme):
        figure = Figure((8, 7.5), layout="constrained")
        axes = figure.add_subplot()
        colours = LinearSegmentedColormap.from_list("wrong", [theme.paper, theme.second])
        axes.imshow(wrong, cmap=colours, vmin=0, vmax=max(1, wrong.max()))
        for truth, answer in np.argwhere(counts):
            axes.text(answer, truth, str(counts[truth, answer]), ha="center", va="center")
        axes.set(xticks=range(10), yticks=range(10), xlabel="read as", ylabel="written")
        return png(figure)


def answering_plot(answering: Answering, theme: Theme) -> bytes:
    """The risk–coverage curve, and where the app stands: its share of answers, and the share of wrong ones of them."""
    with in_colours(theme):
        figure = Figure((8, 4.5), layout="constrained")
        axes = figure.add_subplot()
        coverages, risks = [point.coverage for point in answering.curve], [point.risk for point in answering.curve]
        axes.plot([100 * coverage for coverage in coverages], [100 * risk for risk in risks], color=theme.first)
        answered, withheld = answering.right + answering.wrong, answering.unsure + answering.refused
        if answered:
            coverage, risk = answered / (answered + withheld), answering.wrong / answered
            axes.plot([100 * coverage], [100 * risk], "o", color=theme.second, markersize=10, label="the app")
            axes.legend()
        axes.set(xlabel="answered, % of the images", ylabel="wrong, % of the answers", xlim=(0, 101))
        axes.set_ylim(bottom=0)
        return png(figure)


def calibration_plot(bins: Sequence[CalibrationBin], theme: Theme) -> bytes:
    """Above: the accuracy of answers by their probability, ideally on the diagonal. Below: the number of answers.

    The line leaves out bins with too few images, which are hollow points.
    """
    enough, few = [bin for bin in bins if bin.has_enough], [bin for bin in bins if not bin.has_enough]
    with in_colours(theme):
        figure = Figure((8, 6.5), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        above.plot([0, 1], [0, 1], "--", color=theme.quiet, label="perfect calibration")
        above.plot(*places(enough), "o-", color=theme.first, label="this network")
        if few:
            above.plot(*places(few), "o", color=theme.first, mfc=theme.paper, label="the same, fewer than 30 images")
        above.set(ylabel="accuracy", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        above.legend()
        lower, width = [bin.lower for bin in bins], [bin.upper - bin.lower for bin in bins]
        below.bar(lower, [bin.images for bin in bins], width, align="edge", color=theme.first, ec=theme.paper)
        below.set(xlabel="probability of the answer", ylabel="images", yscale="log", ylim=(0.5, None))
        return png(figure)


def places(bins: Sequence[CalibrationBin]) -> tuple[list[float], list[float]]:
    """The x and y of the bins' points."""
    return [bin.probability for bin in bins], [bin.accuracy for bin in bins]


def history_plot(history: Sequence[Epoch], theme: Theme) -> bytes:
    """Loss and accuracy after each epoch, on training and on validation images."""
    epochs = np.array([row.epoch for row in history], float)
    with in_colours(theme):
        figure = Figure((11, 4.5), layout="constrained")
        for axes, quantity in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for split, colour in (("train", theme.second), ("validation", theme.first)):
                values = np.array([getattr(row, f"{split}_{quantity}") for row in history], float)  # None leaves a gap
                axes.plot(epochs, values, "o-", color=colour, markersize=4, label=split)
            axes.set(xlabel="epoch", ylabel=quantity)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.legend()
        return png(figure)


def mistakes_plot(mistakes: Sequence[PicturedAnswer], theme: Theme) -> bytes:
    """A grid of the most confident mistakes, each with the true digit and the answer."""
    shown = mistakes[:MISTAKES_SHOWN]
    rows = -(-len(shown) // MISTAKES_IN_A_ROW)
    with in_colours(theme):
        figure = Figure((MISTAKES_IN_A_ROW * 1.1, rows * 1.5), layout="constrained")
        grid = figure.subplots(rows, MISTAKES_IN_A_ROW, squeeze=False).ravel()
        for axes in grid:
            axes.axis("off")
        for axes, mistake in zip(grid, shown, strict=False):
            axes.imshow(from_png(mistake.picture), cmap="gray")
            axes.set_title(f"{mistake.truth} as {mistake.answer}", fontsize=11)
        return png(figure)


def in_colours(theme: Theme) -> AbstractContextManager[None]:
    """A context in which matplotlib draws in the colours of `theme`."""
    return matplotlib.rc_context(
        {
            "font.size": 13,
            "figure.facecolor": theme.paper,
            "axes.facecolor": theme.paper,
            "legend.facecolor": theme.paper,
            "text.color": theme.ink,
            "axes.labelcolor": theme.ink,
            "axes.edgecolor": theme.ink,
            "xtick.color": theme.ink,
            "ytick.color": theme.ink,
        }
    )


def png(figure: Figure) -> bytes:
    """The figure as PNG bytes, sharp enough for a projector."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=130)
    return file.getvalue()
