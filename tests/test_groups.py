"""Where tests run side by side, those of a group run in one worker: see tests/conftest.py."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("a group")
def test_groups_are_heeded(request: pytest.FixtureRequest) -> None:
    """With pytest 9.2, pytest-xdist 3.8 silently hands the tests of a group to any worker."""
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("the tests do not run side by side")
    assert request.node.nodeid.endswith("@a group")
