"""The Draw page's texts about the digits that were read: plain text and plain data, without a page."""

import hashlib
from typing import Any

from data.handwriting import Drawing
from model.reading import Reading, Verdict
from training.formatting import whole_percent
from training.recognition.drawing import DrawnDigit
from training.recognition.text import as_text, letter

DOUBLE_WIDTH = 1.0  # times the height: what is refused and this wide may be several digits
SEVERAL = "Several digits? Leave a gap"


def sentence(problem: str) -> str:
    """What is wrong, as a sentence: "there is no digit" → "There is no digit."."""
    return f"{problem[0].upper()}{problem[1:]}."


def ordinal(place: int) -> str:
    """The place, counted from 0, as an ordinal number: "1st"."""
    number = place + 1
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def headline(digits: list[DrawnDigit]) -> str:
    """The reading: "7", "Unsure: 4 or 9", or a number such as "20?6", with "?" for each digit that is withheld."""
    return as_text(digits)


def explanation(digits: list[DrawnDigit]) -> list[str]:
    """The lines below the headline: the probabilities, and which digits are doubtful."""
    readings = [digit.reading for digit in digits]
    if all(reading.verdict is Verdict.NO_DIGIT for reading in readings):
        lines = [SEVERAL] if any(map(is_wide, digits)) else []
        return [*lines, f"Closest digit: {readings[0].digit}"] if len(digits) == 1 else lines
    if len(digits) == 1:
        return [probability(readings[0])]
    certain = [reading.probability for reading in readings if reading.verdict is Verdict.DIGIT]
    lines = []
    if certain:
        which = "each digit" if len(certain) == len(digits) else "other digits"
        lines = [f"{which}: {whole_percent(min(certain))}" + ("" if min(certain) >= 0.995 else " or more")]
    for place, reading in enumerate(readings):
        name = ordinal(place)
        if reading.verdict is Verdict.UNSURE:
            lines.append(f"{name}: unsure, {reading.digit} or {reading.second}")
        if reading.verdict is Verdict.NO_DIGIT and not digits[place].sign:
            lines.append(f"{name}: does not look like a digit")
    return lines


def read_as(reading: Reading) -> str:
    """One picture's reading in a line of Markdown: "Read as **7**, probability 98 %"; a refused one is no digit."""
    if reading.verdict is Verdict.NO_DIGIT:
        return f"**{reading}**; closest digit: {reading.digit}"
    name = f"Read as **{reading}**" if reading.verdict is Verdict.DIGIT else f"**{reading}**"
    return f"{name}, {probability(reading)}"


def is_wide(digit: DrawnDigit) -> bool:
    left, top, right, bottom = digit.box
    return right - left > DOUBLE_WIDTH * (bottom - top) > 0


def probability(reading: Reading) -> str:
    """The probability of the reading: "probability 98 %"; of both digits if it is unsure between two."""
    if reading.verdict is Verdict.DIGIT:
        return f"probability {whole_percent(reading.probability)}"
    second = float(reading.probabilities[reading.second])
    return f"probabilities {whole_percent(reading.probability)} and {whole_percent(second)}"


def named(digit: DrawnDigit) -> tuple[int, ...]:
    """The digits that the reading names as possible answers; none where it is refused."""
    reading = digit.reading
    named_by_verdict = {Verdict.DIGIT: (reading.digit,), Verdict.UNSURE: (reading.digit, reading.second)}
    return named_by_verdict.get(reading.verdict, ())


def boxes(digits: list[DrawnDigit]) -> list[dict[str, Any]]:
    """For the drawing pad: the box around each of several digits, or around each digit of a picture, and its labels."""
    if len(digits) < 2 and all(digit.strokes for digit in digits):
        return []
    return [
        {
            "box": digit.box,
            "above": letter(digit),
            "below": "" if letter(digit) == "?" else whole_percent(digit.reading.probability).replace("over ", "> "),
        }
        for digit in digits
    ]


def least_certain(digits: list[DrawnDigit]) -> int:
    """The place of the least certain digit."""
    return min(
        range(len(digits)),
        key=lambda place: (digits[place].reading.verdict is Verdict.DIGIT, digits[place].reading.probability),
    )


def drawing_key(digit: DrawnDigit) -> str:
    """An identifier of the drawing: the same ink always has the same key."""
    ink = hashlib.sha256(digit.image.tobytes())
    for stroke in digit.strokes:
        ink.update(len(stroke).to_bytes(4))
        ink.update(stroke.tobytes())
    return ink.hexdigest()[:32]


def drawing_to_keep(digit: DrawnDigit, truth: int | None, weights: str) -> Drawing:
    """The record that is stored when somebody corrects or confirms a digit."""
    answer = None if digit.reading.verdict is Verdict.NO_DIGIT else digit.reading.digit
    return Drawing(drawing_key(digit), digit.strokes, digit.image, answer, truth, weights)
