"""`saga-chaos gate`: decides from a report whether CI may go on, and says every reason."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from harness.packages import our_packages

with our_packages():
    from reports.annotations import VARIABLE, gate_annotations
    from reports.gate import gate_folder


def run(arguments: argparse.Namespace) -> int:
    """0 pass, 1 fail, 3 inconclusive."""
    policy = Path(arguments.policy) if arguments.policy else None
    decided = gate_folder(Path(arguments.folder), policy, datetime.now(tz=UTC).date())
    annotations = gate_annotations(decided) if os.environ.get(VARIABLE) == "true" else ()
    for line in (*decided.lines, *annotations):
        print(line)  # noqa: T201 - this is the command line
    return decided.exit_code
