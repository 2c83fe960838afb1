"""The saga's process dies once its call was applied, and two executors resume it at once."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.faults.process_fault import dealing
from harness.plan.types import FaultKind
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Claim

_WHERE = {"": Boundary.APPLIED}

KIND = FaultKind(
    name="race",
    meaning="the process dies, and two executors resume it at once",
    decide=dealing(ProcessFault.RACE, _WHERE),
    claim=Claim.RETRY_ELSEWHERE,
    in_doubt=True,
    process_fault=ProcessFault.RACE,
    counts=(1,),
    impossible=only_actions_found_again,
)
