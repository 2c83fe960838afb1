"""The command line. Imports late: `--help` answers before anything heavy is loaded.

Owns arguments, exit codes and error messages. With `noxfile.py` the only room that may import
all others. Refuses to do any work itself.
"""

from harness.cli.main import entry, main

__all__ = ["entry", "main"]
