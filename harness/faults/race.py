"""The saga's process dies once its call was applied, and two executors resume it at once."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.faults.blow import dealing
from harness.faults.limits import only_actions_found_again
from harness.plan.types import FaultKind
from harness.saga import Claim

_WHERE = {"": Boundary.APPLIED}

KIND = FaultKind(
    name="race",
    meaning="the process dies, and two executors resume it at once",
    treat=dealing(Blow.RACE, _WHERE),
    claim=Claim.RETRY_ELSEWHERE,
    in_doubt=True,
    blow=Blow.RACE,
    counts=(1,),
    impossible=only_actions_found_again,
)
