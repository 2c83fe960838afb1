"""report.html: one file that needs no network, works without scripts, and is better with them.

Owns the templates' environment: what is escaped, and how. A page may run one script, which is ours: its
hash is in the page's policy. Refuses to put anything unescaped into the page but what is drawn or written
here. What the page shows is `reports.page`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from harness.packages import our_packages
from harness.report_model import GuaranteeResult, ScenarioReport
from reports import words
from reports.bundle import Bundle
from reports.escape import printable_lines
from reports.lacking import lacking
from reports.latency import carried, measured
from reports.page import Page, figures
from reports.room import MOST_BYTES, ROOMS

if TYPE_CHECKING:
    from jinja2 import Environment

_PAGE = "report.html.j2"


def report_html(bundle: Bundle, most_bytes: int = MOST_BYTES) -> str:
    """The whole page, or as much of it as keeps it below `most_bytes`."""
    with our_packages():
        folder = files("reports")
    templates = folder.joinpath("templates")
    template = _environment(templates).get_template(_PAGE)
    names, html = _names(bundle, templates), ""
    for room in ROOMS:
        html = template.render({**names, "page": Page(bundle, room)})
        if len(html.encode()) < most_bytes:
            break
    return html


def _environment(templates: Traversable) -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - only the page needs it

    def source(name: str) -> str:
        return templates.joinpath(name).read_text(encoding="utf-8")

    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(source),
        finalize=_shown,
    )


def _shown(value: object) -> object:
    """What cannot be printed is spelled out, before it is escaped; markup of ours is left alone."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return printable_lines(str(value))
    return value


def _names(bundle: Bundle, templates: Traversable) -> Mapping[str, object]:
    script = templates.joinpath("script.js").read_text(encoding="utf-8")
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {
        "bundle": bundle,
        "report": bundle.report,
        "words": words,
        "lacking": lacking,
        "guarantee_cell": guarantee_cell,
        "guarantees": words.guarantee_ids(bundle.report),
        "latencies": measured(bundle.report),
        "carried": carried,
        "figures": figures(bundle),
        "script": script,
        "script_hash": f"sha256-{hashed}",
        "style": templates.joinpath("style.css").read_text(encoding="utf-8"),
    }


def guarantee_cell(scenario: ScenarioReport, id_: str) -> tuple[str, str]:
    """(tone, words)."""
    text = words.guarantee_words(scenario, id_)
    found = next((one for one in scenario.guarantees if one.id == id_), None)
    shown = found is not None and (found.claimed or found.result is not GuaranteeResult.NOT_EXERCISED)
    return (found.result.value if found is not None and shown else "unclaimed"), text
