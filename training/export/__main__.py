"""Export weights for other runtimes: `python -m training.export best digits.onnx`, or `digits.safetensors`.

An ONNX file contains the whole computation from image to probabilities, see `onnx_graph.py`. A safetensors file has the
same content as a weights file.
"""

import sys
from pathlib import Path

from model.classifier import DigitClassifier
from model.files import write_whole
from model.pretrained import path_of
from model.weights import save_network

from ..cli import Parser
from ..extras import extra
from ..files import WRITABLE


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, or 2 for bad input."""
    parser = Parser(prog="python -m training.export", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("weights", help="a weights file, or one of the project's networks: best, quick, tiny, article")
    parser.add_argument("output", type=Path, help="the file to write, .onnx or .safetensors")
    options = parser.parse_args(arguments)
    try:
        export(options.weights, options.output)
    except (ModuleNotFoundError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {options.output} cannot be written ({error.strerror or error}): {WRITABLE}", file=sys.stderr)
        return 2
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")
    return 0


def export(weights: str, output: Path) -> None:
    """Write the network of a weights file in the format given by the suffix of `output`.

    Raises:
        ValueError: the suffix is unknown, or the format does not support a layer.
        WeightsError: the weights cannot be read.
        ModuleNotFoundError: the library for the format is not installed.
        OSError: the file cannot be written; an older file is unchanged.
    """
    if output.suffix not in (".onnx", ".safetensors"):
        raise ValueError(f"{output} must end in .onnx or .safetensors: the suffix selects the format")
    classifier = DigitClassifier.load(weights)
    if output.suffix == ".safetensors":
        save_network(output, classifier.network, classifier.header)
        return
    with extra("onnx"):
        from .onnx_graph import onnx_model
    card = path_of(weights).with_suffix(".md")
    model = onnx_model(classifier, card.read_text(encoding="utf-8") if card.is_file() else None)
    write_whole(output, model.SerializeToString())


if __name__ == "__main__":
    sys.exit(main())
