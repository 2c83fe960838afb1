"""Campaigns: many runs of many scenarios, summed up into verdicts, coverage and files.

Owns the order of things (fault-free, guided, Hypothesis, shrinking), the workers, the aggregate, the
verdict of RULES §9 and the files that are read back. Emits typed events; reporters
listen. Refuses to print, and to know any report's form beyond `harness.report_model`.
"""

from harness.campaign.campaign import Campaign, run_campaign
from harness.campaign.events import (
    CampaignEvent,
    Listener,
    Noted,
    RunEnded,
    ScenarioBegan,
    ScenarioEnded,
    ScenarioProgressed,
)
from harness.campaign.options import CampaignOptions, Defaults

__all__ = [
    "Campaign",
    "CampaignEvent",
    "CampaignOptions",
    "Defaults",
    "Listener",
    "Noted",
    "RunEnded",
    "ScenarioBegan",
    "ScenarioEnded",
    "ScenarioProgressed",
    "run_campaign",
]
