"""Whole numbers that a JSON file may hold: `msgspec` refuses others when it reads the file."""

from typing import Annotated

from msgspec import Meta

Natural = Annotated[int, Meta(ge=0, le=2**53)]  # every program reads these exactly
Positive = Annotated[int, Meta(ge=1, le=2**53)]
Digit = Annotated[int, Meta(ge=0, le=9)]
