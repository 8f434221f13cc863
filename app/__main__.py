"""Start the app: `python -m app`, with Streamlit's options. Runs and handwriting are kept in the working directory."""

import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Serve until it is stopped. Streamlit ends the process itself."""
    from streamlit.web.cli import main as streamlit

    streamlit(["run", str(Path(__file__).with_name("server.py")), *arguments], prog_name="streamlit")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
