"""The saga's process dies once its call was applied, and is resumed on another node."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.faults.process_fault import dealing
from harness.plan.types import FaultKind
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Claim

_WHERE = {"": Boundary.APPLIED}

KIND = FaultKind(
    name="move",
    meaning="the process dies, and is resumed on another node: same store, new host name, pid and ports",
    decide=dealing(ProcessFault.MOVE, _WHERE),
    claim=Claim.OTHER_NODE,
    in_doubt=True,
    process_fault=ProcessFault.MOVE,
    counts=(1,),
    impossible=only_actions_found_again,
)
