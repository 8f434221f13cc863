"""What was read, as text: "7", "Unsure: 4 or 9", "20?6", "−3.5", a line for each line."""

from itertools import groupby

from model.reading import Verdict

from .drawing import DrawnDigit


def as_text(digits: list[DrawnDigit]) -> str:
    """The digits as they stand, line by line, with a "?" where no answer is given; alone, a digit is given in words."""
    if len(digits) == 1 or all(digit.reading.verdict is Verdict.NO_DIGIT for digit in digits):
        return str(digits[0].reading) if digits else ""
    return "\n".join("".join(map(letter, line)) for _, line in groupby(digits, lambda digit: digit.line))


def letter(digit: DrawnDigit) -> str:
    """The digit, the sign where it is certain which, or "?"."""
    return str(digit.reading.digit) if digit.reading.verdict is Verdict.DIGIT else digit.sign or "?"
