"""A saga behind a command, in any language (DESIGN, "Saga under test", 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.blows import Blow


@dataclass(frozen=True, slots=True, kw_only=True)
class SubprocessSaga:
    """`COMMAND run ID` and `COMMAND resume ID` in `cwd`, with `env` added to the environment.

    listen: participant to the host and port that it has to have; all others get a free one.
    """

    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    listen: Mapping[str, tuple[str, int]] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The command, for people."""
        return " ".join(self.command)

    @property
    def worlds(self) -> tuple[str, ...]:
        """A process of its own has real sockets and a real clock."""
        return ("wire",)

    def unfit(self, blow: Blow) -> str | None:
        """The contract knows no way to cancel a process but to kill it."""
        return "a command cannot be cancelled, only killed" if blow is Blow.CANCEL else None
