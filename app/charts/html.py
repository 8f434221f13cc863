"""Charts and pictures that the pages show. They only look at numbers; where these come from is the pages' matter."""

import numpy as np
from numpy.typing import NDArray

from app.charts.colours import BLUE, GREY
from training.formatting import whole_percent
from training.pictures import data_url, to_png


def probability_bars(probabilities: NDArray[np.floating]) -> str:
    """Ten bars as HTML, one for each digit, the likeliest in colour; ten zeros give ten empty ones.

    They change with every stroke for everybody who draws: a chart of Altair's would take as long as all else together.
    """
    best = int(probabilities.argmax())
    rows, described = [], []
    for digit, share in enumerate(probabilities.tolist()):
        words = whole_percent(share) if share >= 0.005 else ""
        if words:
            described.append(f"{digit} {words}")
        colour = BLUE if digit == best else GREY
        rows.append(
            '<div style="display: flex; align-items: center; gap: 0.5rem; height: 1.75rem">'
            f'<span style="width: 1rem">{digit}</span><span style="flex: 1">'
            f'<span style="display: block; width: {100 * share:.1f}%; height: 1.25rem; background: {colour}; '
            'border-radius: 0 3px 3px 0"></span></span>'
            f'<span style="width: 5rem">{words}</span></div>'
        )
    description = ", ".join(described) or "none yet"
    return f'<div role="img" aria-label="Probabilities: {description}">{"".join(rows)}</div>'


def enlarged(image: NDArray[np.uint8], description: str, side: int) -> str:
    """A small picture as HTML, `side` screen pixels high and wide, its own pixels in plain sight.

    The picture is inside the HTML, so that a new one costs no request and appears without flicker.
    """
    return (
        f'<img src="{data_url(to_png(image))}" alt="{description}" width="{side}" height="{side}" decoding="sync" '
        'style="image-rendering: pixelated">'
    )
