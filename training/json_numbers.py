"""Types of whole numbers in JSON files: `msgspec` refuses other values when it reads a file."""

from typing import Annotated

from msgspec import Meta

Natural = Annotated[int, Meta(ge=0, le=2**53)]  # the whole numbers that every JSON reader reads exactly
Positive = Annotated[int, Meta(ge=1, le=2**53)]
Digit = Annotated[int, Meta(ge=0, le=9)]
