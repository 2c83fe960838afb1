"""`python -m harness.toxiproxy.embedded --port 0`: the harness's child; its URL is its first line."""

import argparse
import sys

from harness.toxiproxy.embedded.standalone import run_child


def main() -> int:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="harness.toxiproxy.embedded")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    return run_child(arguments.host, arguments.port)


if __name__ == "__main__":
    sys.exit(main())
