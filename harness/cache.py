"""The folder of what can be made again: a built Toxiproxy, tables of Hypothesis, the key of `references`.

Owns where it is. Refuses to know what lies in it.
"""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "SAGA_CHAOS_CACHE_DIR"
"""Names another folder."""


def cache_folder() -> Path:
    """As the system has it, unless the variable names one; it need not be there yet."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_dir  # noqa: PLC0415 - late, as all that not every command needs

    return Path(user_cache_dir("saga-chaos"))
