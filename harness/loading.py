"""Loads a scenario by its reference, for every command and every worker process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from harness.packages import our_packages
from harness.scenario import Scenario

HERE = "saga.toml"
"""What is searched where nothing is named and this folder has one."""

REPLACED = "SAGA_CHAOS_REPLACED"
"""Names a file that maps sources to their replacements: `saga-chaos mutate` sets it."""


def load(reference: str) -> Scenario:
    """A registered name, a saga.toml, or a Python object."""
    replaced = os.environ.get(REPLACED)
    if replaced is None:
        return _load(reference)
    from harness.mutation.replaced import load_replaced  # noqa: PLC0415 - only the searches of mutants need it

    return load_replaced(reference, _load, Path(replaced))


def _load(reference: str) -> Scenario:
    from harness.loader import load_scenario  # noqa: PLC0415 - late, see the room's docstring

    with our_packages():
        from scenarios import REGISTRY  # noqa: PLC0415 - only the command line sees everything

    return load_scenario(reference, registered=REGISTRY)


def load_all(references: Sequence[str]) -> list[Scenario]:
    """Those named; else the saga.toml of this folder; else all registered that claim to hold."""
    with our_packages():
        from scenarios import REGISTRY  # noqa: PLC0415 - see above

    here = [HERE] if Path(HERE).is_file() else []
    if references or here:
        return [load(reference) for reference in references or here]
    return [scenario for scenario in (load(name) for name in REGISTRY) if scenario.holds]
