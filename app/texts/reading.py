"""What the Draw page says of the digits that were read: plain text and plain data, without a page."""

import hashlib
from typing import Any

from data.handwriting import Drawing
from model.reading import Reading, Verdict
from training.formatting import whole_percent
from training.recognition.drawing import DrawnDigit

PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def place_name(place: int) -> str:
    """In words, from 0: "first"."""
    return PLACES[place] if place < len(PLACES) else f"{place + 1}th"


def headline(digits: list[DrawnDigit]) -> str:
    """What was read: "7", "Unsure: 4 or 9", or a number such as "20?6", which has a "?" where no answer is given."""
    readings = [digit.reading for digit in digits]
    if len(readings) == 1 or all(reading.verdict is Verdict.NO_DIGIT for reading in readings):
        return str(readings[0])
    return "".join(map(letter, readings))


def letter(reading: Reading) -> str:
    """The digit, or "?" where it is withheld."""
    return str(reading.digit) if reading.verdict is Verdict.DIGIT else "?"


def explanation(digits: list[DrawnDigit]) -> list[str]:
    """The lines below: how probable each digit is, and what is doubtful about the others."""
    readings = [digit.reading for digit in digits]
    if all(reading.verdict is Verdict.NO_DIGIT for reading in readings):
        return (
            [f"If it is one: {readings[0].digit}, with {whole_percent(readings[0].probability)}"]
            if len(digits) == 1
            else []
        )
    if len(digits) == 1:
        return [probability(readings[0])]
    certain = [reading.probability for reading in readings if reading.verdict is Verdict.DIGIT]
    lines = []
    if certain:
        which = "each digit" if len(certain) == len(digits) else "the others"
        lines = [f"{which} {whole_percent(min(certain))}" + ("" if min(certain) >= 0.995 else " or more")]
    for place, reading in enumerate(readings):
        name = f"The {place_name(place)}"
        if reading.verdict is Verdict.UNSURE:
            lines.append(f"{name}: unsure, {reading.digit} or {reading.second}")
        if reading.verdict is Verdict.NO_DIGIT:
            lines.append(f"{name} does not look like a digit")
    return lines


def probability(reading: Reading) -> str:
    """Of what was read, in words: "probability 98 %", of both digits where it is unsure between them."""
    if reading.verdict is Verdict.DIGIT:
        return f"probability {whole_percent(reading.probability)}"
    second = float(reading.probabilities[reading.second])
    return f"probabilities {whole_percent(reading.probability)} and {whole_percent(second)}"


def boxes(digits: list[DrawnDigit]) -> list[dict[str, Any]]:
    """For the drawing pad, if there is more than one digit: the box of each, and what to write at it."""
    if len(digits) < 2:
        return []
    return [
        {
            "box": digit.box,
            "above": letter(digit.reading),
            "below": ""
            if letter(digit.reading) == "?"
            else whole_percent(digit.reading.probability).replace("over ", "> "),
        }
        for digit in digits
    ]


def least_certain(digits: list[DrawnDigit]) -> int:
    """The place of the digit that most wants looking at."""
    return min(
        range(len(digits)),
        key=lambda place: (digits[place].reading.verdict is Verdict.DIGIT, digits[place].reading.probability),
    )


def drawing_key(digit: DrawnDigit) -> str:
    """Names this very drawing: the same ink has the same key, whenever and however often it is kept."""
    ink = hashlib.sha256(digit.image.tobytes())
    for stroke in digit.strokes:
        ink.update(len(stroke).to_bytes(4))
        ink.update(stroke.tobytes())
    return ink.hexdigest()[:32]


def drawing_to_keep(digit: DrawnDigit, truth: int | None, weights: str) -> Drawing:
    """What is stored when somebody says what a drawing was meant as."""
    answer = None if digit.reading.verdict is Verdict.NO_DIGIT else digit.reading.digit
    return Drawing(drawing_key(digit), digit.strokes, digit.image, answer, truth, weights)
