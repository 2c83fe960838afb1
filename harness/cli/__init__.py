"""The command line. Imports late: `--help` answers before anything heavy is loaded.

Owns arguments, exit codes and what is said of errors. The only room, with `noxfile.py`, that sees
everything; refuses to do any work itself.
"""

from harness.cli.main import entry, main

__all__ = ["entry", "main"]
