"""Parts of writing: strokes or marks, or pieces of them, that certainly belong together, and the boxes around them."""

from dataclasses import dataclass

Piece = tuple[int, int, int]  # which stroke or mark, and from where to where along it


@dataclass(frozen=True)
class Part:
    """Pieces that certainly belong together, and the box around them: along the middle of the pen's line."""

    pieces: tuple[Piece, ...]
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def wholes(self) -> set[int]:
        """The strokes or marks that it has pieces of."""
        return {piece[0] for piece in self.pieces}

    def __add__(self, other: "Part") -> "Part":
        return Part(
            self.pieces + other.pieces,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def overlap_across(one: Part, other: Part) -> float:
    """How far two boxes share their columns; below 0 it is the gap between them."""
    return min(one.right, other.right) - max(one.left, other.left)


def overlap_down(one: Part, other: Part) -> float:
    """How far two boxes share their rows; below 0 it is the gap between them."""
    return min(one.bottom, other.bottom) - max(one.top, other.top)
