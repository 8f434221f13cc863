"""Start the app: `python -m app`, with Streamlit's options. Runs and handwriting are kept in the working directory."""

import sys
from pathlib import Path

from training.cli import Parser, positive

from .addresses import AddressError, address_here, host_names, invite

LOCAL = ("localhost", "127.0.0.1")  # as in .streamlit/config.toml, which `--server.allowedHosts` replaces
PORT = 8501  # Streamlit's


def main(arguments: list[str]) -> int:
    """Serve until it is stopped. Streamlit ends the process itself. Returns 2 for bad input."""
    parser = Parser(
        prog="python -m app",
        description="Open the app. Other options are Streamlit's: `streamlit run --help` lists them.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--lan",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="let others on your network open the app, at ADDRESS or at the address that this computer has there",
    )
    parser.add_argument(
        "--hosts",
        default="",
        metavar="NAME,...",
        help="more names under which the app answers, for a reverse proxy or a forwarded port",
    )
    parser.add_argument("--server.port", dest="port", type=positive, help=f"default: {PORT}, or the next that is free")
    options, others = parser.parse_known_args(arguments)
    try:
        names = host_names(options.hosts)
        address = None if options.lan is None else address_here(options.lan)
    except AddressError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    port = options.port or (PORT if address else None)
    settings = [f"--server.port={port}"] if port else []
    if names or address:
        settings += [f"--server.allowedHosts={name}" for name in (*LOCAL, *filter(None, [address]), *names)]
        settings += [f"--server.corsAllowedOrigins=https://{name}" for name in names]
    if address:
        settings += [f"--server.address={address}", f"--browser.serverAddress={address}"]
        invite(f"http://{address}:{port}")

    from streamlit.web.cli import main as streamlit

    streamlit(["run", str(Path(__file__).with_name("server.py")), *settings, *others], prog_name="streamlit")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
