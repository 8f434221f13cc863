"""Lines of writing, and the parts in them that are too small or flat for a digit: signs."""

import numpy as np

from .parts import Part, overlap_across, overlap_down

# Shares of `unit`, the height of the tallest part (of the whole writing, or of the line):
LEAST_HEIGHT = 0.45  # height of a digit, at least
STACKED = 0.12  # gap between the upper and the lower part of one digit, at most
DOT = 0.18  # longer side of a dot, at most
COMMA = 0.35  # longer side of a comma, at most
FLAT = 0.22  # height of a dash, at most
LONG = 0.2  # width of a dash, at least; and it is twice as wide as high
CLOSE = 0.05  # horizontal gap from which a dot stands beside a digit, not above, below or inside it
BELOW = 0.03  # gap between a digit and a line under it, at least; overlap with a dash beside it, at most

OVER = 0.2  # share of a sign's width that may lie above or below a digit beside it
LEVEL = 0.5  # share of the shorter part's height: parts that overlap as much vertically are in one line
MIDDLE = (0.15, 0.85)  # of the line's height, from the top: a dash between these is a minus
AT_FOOT = 0.75  # of the line's height, from the top: a dot below this is a decimal point

MINUS, POINT, COMMA_SIGN, UNKNOWN, UNDERLINE = "−", ".", ",", "?", "_"


def is_dot(part: Part, unit: float) -> bool:
    return max(part.width, part.height) <= DOT * unit


def split_lines(parts: list[Part], unit: float) -> list[list[Part]]:
    """The parts of each line, from top to bottom."""
    tall = [part for part in parts if part.height >= LEAST_HEIGHT * unit]
    lines: list[list[Part]] = []
    for part in tall:
        same = [line for line in lines if any(part.wholes & other.wholes or _level(part, other) for other in line)]
        lines = [line for line in lines if line not in same] + [[part, *(other for line in same for other in line)]]
    if not lines:
        return [parts]
    lines.sort(key=lambda line: float(np.median([part.top + part.bottom for part in line])))
    low = [part for part in parts if part.height < LEAST_HEIGHT * unit]
    # A low part goes to the nearest line: the bar of a five to its digit's, a point to its neighbours'.
    nearest = [min(lines, key=lambda line: min(_distance(part, other) for other in line)) for part in low]
    for part, line in zip(low, nearest, strict=True):
        line.append(part)
    return lines


def _level(one: Part, other: Part) -> bool:
    return overlap_down(one, other) >= LEVEL * min(one.height, other.height)


def _distance(one: Part, other: Part) -> float:
    return float(np.hypot(max(-overlap_across(one, other), 0), max(-overlap_down(one, other), 0)))


def find_signs(line: list[Part], unit: float) -> tuple[list[Part], list[tuple[Part, str]]]:
    """The parts of a line that may belong to digits, and the other parts, each with its sign."""
    tall = [part for part in line if part.height >= LEAST_HEIGHT * unit]
    rest, signs = list(tall), []
    for part in line:
        if part.height < LEAST_HEIGHT * unit:
            is_piece = any(part.wholes & other.wholes for other in line if other is not part)
            sign = "" if is_piece else _sign(part, tall, unit)
            if sign:
                signs.append((part, sign))
            else:
                rest.append(part)
    return rest, _stacked(signs)


def _sign(part: Part, tall: list[Part], unit: float) -> str:
    """The sign that a low part of a line is; "" if it may belong to a digit."""
    top, foot = (float(np.median([getattr(other, side) for other in tall])) for side in ("top", "bottom"))
    body = Part((), min(other.left for other in tall), top, max(other.right for other in tall), foot)
    height = ((part.top + part.bottom) / 2 - top) / (foot - top)  # 0 at the top of the line, 1 at its foot
    over = max(overlap_across(part, other) for other in tall)
    is_beside = over <= OVER * part.width
    is_flat = part.height <= min(FLAT * unit, part.width / 2)
    is_under = part.top >= foot + BELOW * unit and overlap_across(part, body) >= min(part.width, body.width) / 2
    if is_flat and is_under and part.width > min(0.5 * unit, 0.8 * body.width) > 0 and not is_dot(part, unit):
        return UNDERLINE
    if is_dot(part, unit):
        return POINT if -over >= CLOSE * unit and height > AT_FOOT else UNKNOWN
    if is_beside and max(part.width, part.height) <= COMMA * unit and part.bottom > foot and height > MIDDLE[1]:
        return COMMA_SIGN
    if is_flat and part.width >= LONG * unit and MIDDLE[0] <= height <= MIDDLE[1] and _stands_free(part, tall, unit):
        return MINUS
    return UNKNOWN if -over >= STACKED * unit and height > MIDDLE[0] else ""


def _stands_free(dash: Part, tall: list[Part], unit: float) -> bool:
    """Whether no stem crosses the dash, as in a plus, and no two stems stand close to its ends, as in an H."""
    middle = dash.left + dash.right
    before = min((dash.left - other.right for other in tall if other.left + other.right < middle), default=np.inf)
    behind = min((other.left - dash.right for other in tall if other.left + other.right >= middle), default=np.inf)
    return min(before, behind) >= -BELOW * unit and max(before, behind) >= STACKED * unit


def _stacked(signs: list[tuple[Part, str]]) -> list[tuple[Part, str]]:
    """The signs, with those above each other joined into one unknown sign, such as a colon or an equals sign."""
    single: list[tuple[Part, str]] = []
    for part, sign in signs:
        others = [known for known in single if overlap_across(known[0], part) > 0 and UNDERLINE not in (sign, known[1])]
        single = [known for known in single if known not in others]
        single.append((sum((other for other, _ in others), part), UNKNOWN if others else sign))
    return single
