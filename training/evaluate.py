"""Write the accuracy report of a weights file: `python -m training.evaluate runs/quick/weights.npz`."""

import sys

from data.datasets import DATASETS, DatasetError
from model.pretrained import path_of
from model.weights import WeightsError

from .cli import Parser
from .evaluation.report import ReportError, write_report
from .evaluation.report_page import terminal_table


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 where there can be no report."""
    parser = Parser(prog="python -m training.evaluate", description="Write an accuracy report.")
    parser.add_argument("weights", help="a weights file, or best, quick, tiny or article, which come with the project")
    parser.add_argument(
        "--dataset",
        help=f"{', '.join(DATASETS)}, a folder with pictures in its folders 0 to 9, or a file of pen strokes "
        "(default: what the network was trained on)",
    )
    parser.add_argument("--output", help="the folder to write to (default: runs/<name>/report, by the weights' name)")
    parser.add_argument("--progress", action="store_true", help="say how far it is, a line at a time, for programs")
    arguments = parser.parse_args(argv)

    def tell(share: float) -> None:
        if arguments.progress:
            print(f"progress {share:.2f}", flush=True)

    try:
        report, path = write_report(path_of(arguments.weights), arguments.dataset, arguments.output, tell)
    except (WeightsError, DatasetError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(terminal_table(report))
    print(f"\nreport       {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
