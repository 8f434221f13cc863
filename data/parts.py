"""Parts of writing: strokes or marks, or pieces of them, that certainly belong together, and the boxes around them."""

from dataclasses import dataclass

Piece = tuple[int, int, int]  # the number of a stroke or mark; where the piece starts, and where it stops (exclusive)


@dataclass(frozen=True)
class Part:
    """Pieces that certainly belong together, and their bounding box along the middle of the pen's line."""

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
        """The numbers of the strokes or marks that its pieces come from."""
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
    """The horizontal overlap of two boxes; if negative, the gap between them."""
    return min(one.right, other.right) - max(one.left, other.left)


def overlap_down(one: Part, other: Part) -> float:
    """The vertical overlap of two boxes; if negative, the gap between them."""
    return min(one.bottom, other.bottom) - max(one.top, other.top)
