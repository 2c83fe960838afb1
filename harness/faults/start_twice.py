"""The same saga is started once more: at once, later, or after its end."""

from __future__ import annotations

from harness.faults.process_fault import dealing
from harness.plan.types import FaultKind
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Claim

_WHERE = {"at_once": Boundary.ON_ARRIVAL, "later": Boundary.ANSWERED, "after_end": Boundary.ENDED}

KIND = FaultKind(
    name="start_twice",
    meaning="the same id is started once more",
    decide=dealing(ProcessFault.START_AGAIN, _WHERE),
    claim=Claim.DUPLICATE_START,
    process_fault=ProcessFault.START_AGAIN,
    variants=tuple(_WHERE),
    counts=(1,),
)
