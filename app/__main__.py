"""Start the app: `python -m app`, with Streamlit's options. Runs and handwriting are kept in the working directory."""

import sys
from pathlib import Path

from streamlit.web.cli import main

if __name__ == "__main__":
    main(["run", str(Path(__file__).with_name("server.py")), *sys.argv[1:]], prog_name="streamlit")
