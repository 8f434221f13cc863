"""Charts and images as HTML, from numbers that the pages provide."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from app.charts.colours import BLUE, GREY
from training.formatting import whole_percent
from training.pictures import data_url, to_png


def probability_bars(probabilities: NDArray[np.floating], answers: Collection[int] | None = None) -> str:
    """A bar chart as HTML, one bar for each digit, the answers in colour: without any given, the likeliest.

    It changes with every stroke of every visitor: an Altair chart would take as long as everything else together.
    """
    coloured = {int(probabilities.argmax())} if answers is None else answers
    rows, described = [], []
    for digit, share in enumerate(probabilities.tolist()):
        label = whole_percent(share) if share >= 0.005 else ""
        if label:
            described.append(f"{digit} {label}")
        colour = BLUE if digit in coloured else GREY
        rows.append(
            '<div style="display: flex; align-items: center; gap: 0.5rem; height: 1.75rem">'
            f'<span style="width: 1rem">{digit}</span><span style="flex: 1">'
            f'<span style="display: block; width: {100 * share:.1f}%; height: 1.25rem; background: {colour}; '
            'border-radius: 0 3px 3px 0"></span></span>'
            f'<span style="width: 5rem">{label}</span></div>'
        )
    description = ", ".join(described) or "none yet"
    return f'<div role="img" aria-label="Probabilities: {description}">{"".join(rows)}</div>'


def enlarged(image: NDArray[np.uint8], description: str, side: int) -> str:
    """A small image as HTML, enlarged to `side` screen pixels with sharp edges.

    The HTML contains the image data, so that a new image needs no request and does not flicker.
    """
    return (
        f'<img src="{data_url(to_png(image))}" alt="{description}" width="{side}" height="{side}" decoding="sync" '
        'style="image-rendering: pixelated">'
    )
