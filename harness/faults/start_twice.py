"""The same saga is started once more: at once, later, or after its end."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.faults.blow import dealing
from harness.plan.types import FaultKind
from harness.saga import Claim

_WHERE = {"at_once": Boundary.ON_ARRIVAL, "later": Boundary.ANSWERED, "after_end": Boundary.ENDED}

KIND = FaultKind(
    name="start_twice",
    meaning="the same id is started once more",
    treat=dealing(Blow.START_AGAIN, _WHERE),
    claim=Claim.DUPLICATE_START,
    blow=Blow.START_AGAIN,
    variants=tuple(_WHERE),
    counts=(1,),
)
