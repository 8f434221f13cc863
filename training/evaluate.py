"""Write an accuracy report for a weights file: `python -m training.evaluate runs/quick/weights.npz`."""

import sys

from data.datasets import DATASETS, DatasetError
from model.pretrained import path_of
from model.weights import WeightsError

from .cli import Parser
from .evaluation.report import ReportError, write_report
from .evaluation.report_page import terminal_table


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 if no report could be written."""
    parser = Parser(prog="python -m training.evaluate", description="Write an accuracy report.")
    parser.add_argument("weights", help="a weights file, or one of the project's networks: best, quick, tiny, article")
    parser.add_argument(
        "--dataset",
        help=f"{', '.join(DATASETS)}, a folder with subfolders 0 to 9 of images, or a file of strokes or handwriting, "
        "a list of images and their digits, or a table of pixels "
        "(default: the network's own data set)",
    )
    parser.add_argument(
        "--output", help="the folder to write to (default: runs/<name>/report, named after the weights)"
    )
    parser.add_argument("--progress", action="store_true", help="print the progress line by line, for programs")
    arguments = parser.parse_args(argv)

    def print_progress(share: float) -> None:
        if arguments.progress:
            print(f"progress {share:.2f}", flush=True)

    try:
        report, path = write_report(path_of(arguments.weights), arguments.dataset, arguments.output, print_progress)
    except (WeightsError, DatasetError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(terminal_table(report))
    print(f"\nreport       {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
