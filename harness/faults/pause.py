"""The saga's process freezes, another executor resumes and ends, then the first one wakes."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.faults.blow import dealing
from harness.faults.limits import only_actions_found_again
from harness.plan.types import FaultKind
from harness.saga import Claim

_WHERE = {one.value: one for one in (Boundary.ON_ARRIVAL, Boundary.APPLIED, Boundary.ANSWERED)}

KIND = FaultKind(
    name="pause",
    meaning="the process freezes, a second executor resumes and ends, then the first one wakes",
    treat=dealing(Blow.FREEZE, _WHERE),
    claim=Claim.RETRY_ELSEWHERE,
    in_doubt=True,
    blow=Blow.FREEZE,
    variants=tuple(_WHERE),
    counts=(1,),
    impossible=only_actions_found_again,
)
