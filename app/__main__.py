"""`python -m app`: open the app, its runs and handwriting in this folder. What follows are Streamlit's options."""

import sys
from pathlib import Path

from streamlit.web.cli import main

if __name__ == "__main__":
    main(["run", str(Path(__file__).with_name("server.py")), *sys.argv[1:]], prog_name="streamlit")
