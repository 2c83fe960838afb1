"""docs/reference-saga-toml.md: every key that the loader reads, no other, and the defaults of the code."""

from __future__ import annotations

from harness.saga import Correlation, SagaPolicy
from tests.docs.reference import PAGE, page, sections, unsaid


def test_every_key_of_the_loader_has_its_words_and_no_other_key_has() -> None:
    assert unsaid() == []


def test_the_page_is_what_is_written_from_them() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.docs.reference writes it anew"


def test_defaults_are_those_of_the_code() -> None:
    words = {section.title: section.words for section in sections()}
    policy, correlation = SagaPolicy(), Correlation()
    told = words["[saga.policy]"]
    for name in ("failed_step", "untried_step", "failed_compensation", "key_header", "retry_after"):
        assert told[name][0] == f'`"{getattr(policy, name)}"`'
    assert told["max_attempts, min_gap_s"][0] == f"{policy.max_attempts}, {policy.min_gap_s}"
    assert words["[saga.correlation]"]["field"][0] == f'`"{correlation.field}"`'
    assert words["[saga.correlation]"]["pattern"][0] == f'`"{correlation.pattern}"`'
