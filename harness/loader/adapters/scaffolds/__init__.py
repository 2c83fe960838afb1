"""The files that `saga-chaos scaffold` writes for our adapters, as texts with places to fill in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files

DURABLE = 'claims = ["lost_reply", "process_death"]'
ON_THE_WIRE = " (--search guided is enough to begin with)"


def texts(*names: str, **filled: str) -> Callable[[], Mapping[str, str]]:
    """Reads the files of these names when they are asked for; `filled` replaces @NAME@ by its value.

    A name is that of the file, or `template>file` where they differ.
    """

    def read() -> Mapping[str, str]:
        return {name.rpartition(">")[2]: _text(name.partition(">")[0], filled) for name in names}

    return read


def _text(name: str, filled: Mapping[str, str]) -> str:
    text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    for place, value in filled.items():
        text = text.replace(f"@{place.upper()}@", value)
    return text
