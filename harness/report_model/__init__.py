"""What a campaign writes and everything else reads: `report.json` and `failures/*.json`.

Owns the types of both files, their reading and writing, and the verdicts. Refuses to show anything (`reports`
does) and to judge anything (`harness.campaign` does).

Keys that a newer minor version adds to `report.json` are skipped; a failure file is read to be
run again, so there an unknown key is an error.
"""

from harness.report_model.failure import (
    FailureFile,
    FoundBy,
    ScenarioRef,
    read_failure,
    write_failure,
)
from harness.report_model.report import (
    AtStep,
    CompensationLatency,
    Drawn,
    Faults,
    Guarantee,
    Impossible,
    Invariant,
    LeftOver,
    Provenance,
    Proxy,
    Report,
    ScenarioReport,
    Search,
    SiteCount,
    Situation,
    Stored,
    Tool,
    Unconfirmed,
    read_report,
    write_report,
)
from harness.report_model.verdicts import (
    EXIT_CODES,
    GuaranteeResult,
    ScenarioVerdict,
    Verdict,
    check_crashed,
    exit_code,
    worst,
)

__all__ = [
    "EXIT_CODES",
    "AtStep",
    "CompensationLatency",
    "Drawn",
    "FailureFile",
    "Faults",
    "FoundBy",
    "Guarantee",
    "GuaranteeResult",
    "Impossible",
    "Invariant",
    "LeftOver",
    "Provenance",
    "Proxy",
    "Report",
    "ScenarioRef",
    "ScenarioReport",
    "ScenarioVerdict",
    "Search",
    "SiteCount",
    "Situation",
    "Stored",
    "Tool",
    "Unconfirmed",
    "Verdict",
    "check_crashed",
    "exit_code",
    "read_failure",
    "read_report",
    "worst",
    "write_failure",
    "write_report",
]
