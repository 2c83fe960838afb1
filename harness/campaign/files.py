"""What a campaign puts on disk as it goes: failures and histories; the report comes last."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from harness.campaign.claims import Unclaimed
from harness.campaign.content import digest_of
from harness.campaign.options import CampaignOptions
from harness.campaign.references import named_for
from harness.choices import WorldName
from harness.history import History
from harness.history.codec import decode_history
from harness.invariants import invariants_of
from harness.json_files import write_whole
from harness.report_model import FailureFile, FoundBy, ScenarioRef, Tool, write_failure
from harness.saga import Json
from harness.scenario import Scenario
from harness.search.run_summary import RunSummary
from harness.versions import version_of

_LONGEST = 180
"""Characters; file systems take 255 bytes, and endings and a temporary name are added."""


def tool() -> Tool:
    """Who writes."""
    return Tool(version=version_of("saga-chaos") or "0+unknown")


class CampaignFiles:
    """The folder of one campaign."""

    def __init__(self, options: CampaignOptions) -> None:
        self._options = options
        self.folder = options.out

    def check_writable(self) -> None:
        """Raises EnvironmentFault before anything runs, rather than after an hour."""
        for name in ("histories", "failures"):
            write_whole(self.folder / name / ".writable", b"")
            (self.folder / name / ".writable").unlink()

    def failure(  # noqa: PLR0913 - what makes up the file
        self,
        scenario: Scenario,
        world: WorldName,
        invariant: str,
        run_summary: RunSummary,
        runs: int,
        *,
        unclaimed: Unclaimed,
        content: Mapping[str, str],
        name: str = "",
    ) -> str:
        """Write a counterexample and its history; returns its path inside the folder.

        content: what the scenario is made of, by name, with a hash of each (`CampaignOptions.content`).
        name: what tells it from others of the scenario; by default the invariant.
        """
        stem = file_stem(f"{scenario.name}-{world}-{name or invariant}")
        history_name = self.history(stem, run_summary)
        history = decode_history(run_summary.history, "history") if run_summary.history else None
        found = run_summary.found[invariant]
        failure = FailureFile(
            scenario=self._named(scenario, content),
            world=world,
            input=run_summary.input,
            plan=run_summary.plan,
            saga_id=run_summary.saga_id,
            invariant=invariant,
            claim=invariants_of(scenario)[invariant].says,
            message=found.message,
            evidence=found.evidence,
            timeline=() if history is None else tuple(self._options.narrate(history, found.evidence)),
            history=history_name,
            search=FoundBy(kind=self._options.search, seed=self._options.seed or 0, runs=runs),
            tool=tool(),
            added_claims=tuple(claim.value for claim in unclaimed.added),
            unclaimed=tuple(claim.value for claim in unclaimed.of(run_summary.plan)),
            printed="" if history is None else history.printed,
            shown_input=_shown(run_summary.input, history),
            shown_other_inputs=_shown_others(run_summary.plan.other_inputs, history),
        )
        path = f"failures/{stem}.json"
        write_failure(failure, self.folder / path)
        return path

    def _named(self, scenario: Scenario, content: Mapping[str, str]) -> ScenarioRef:
        return named_for(
            self.folder / "failures",
            scenario.name,
            scenario.reference or scenario.name,
            digest_of(content) if len(content) > 1 else "",  # its description alone says too little
        )

    def history(self, stem: str, run_summary: RunSummary) -> str | None:
        """Write a run's history, where it was kept."""
        if not run_summary.history:
            return None
        name = f"histories/{file_stem(stem)}.ndjson"
        write_whole(self.folder / name, run_summary.history)
        return name


def _shown(given: Json, history: History | None) -> Json:
    """The input as the history has it, where secrets are hidden in that; else None."""
    return None if history is None or history.began.input == given else history.began.input


def file_stem(name: str) -> str:
    """A file name without its ending that every file system takes, and that stays in its folder.

    What had to be changed keeps a hash of the whole, so that two names never share a file.
    """
    plain = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII).lstrip(".")[:_LONGEST]
    if plain == name:
        return plain
    return f"{plain}-{hashlib.blake2b(name.encode('utf-8', 'backslashreplace'), digest_size=4).hexdigest()}"


def _shown_others(given: tuple[Json, ...], history: History | None) -> tuple[Json, ...]:
    """The same of the inputs of the other sagas; nothing where none of them has secrets."""
    if history is None or not history.began.sagas:
        return ()
    told = tuple(one.input for one in history.began.sagas[1:])
    return () if told == given else told if given else ()
