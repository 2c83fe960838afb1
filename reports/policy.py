"""The gate's policy: what it may hold, and nothing of how it is read (`reports.policy_file`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A violation that is known and excused, up to and including a day.

    owner: who answers for it. where: the place in the policy file, for messages.
    """

    scenario: str
    invariant: str
    owner: str
    until: date
    reason: str
    where: str = "the policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The default asks for a pass and nothing more. Paths are as they can be opened.

    new_only: a violation that the earlier report has too is reported, and fails nothing. earlier: that
    report, a folder or a report.json; None: `previous` in the folder that is judged.
    mutants: files of `saga-chaos mutate`; empty: `mutants.json` in the folder that is judged.
    baseline: a bench.json, or a folder that `saga-chaos run` wrote. max_slowdown: how many times as long
    as in the baseline compensation may take.
    """

    allow_inconclusive: bool = False
    new_only: bool = False
    earlier: Path | None = None
    waivers: tuple[Waiver, ...] = ()
    require_scenarios: tuple[str, ...] = ()
    require_invariants: tuple[str, ...] = ()
    require_situations: tuple[str, ...] = ()
    require_faults: tuple[str, ...] = ()
    min_mutation_score: float | None = None
    mutants: tuple[Path, ...] = ()
    max_p95_s: float | None = None
    max_p99_s: float | None = None
    baseline: Path | None = None
    max_slowdown: float = 1.1


DEFAULT_POLICY = Policy()
