"""What every test may rely on: Ctrl-C can be answered, and what a module shares is made once.

A shell starts what runs in its background with SIGINT ignored, and every process inherits that: tests
that interrupt one would wait until their time is up.

With `--dist loadgroup` xdist gives the tests of a group to one worker. Without it, each worker would make
what a module shares (a campaign, the mutants of three sagas, a world) for itself.

A saga over real sockets has real time-outs: on a machine that is busy one of them may run out where no
fault struck. Such a test runs again, up to twice, and the summary names it; what is wrong is wrong each time.
"""

from __future__ import annotations

import signal

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        if item.get_closest_marker("wire") or "tests/wire/" in item.nodeid:
            item.add_marker(pytest.mark.flaky(reruns=2))


def _shares(item: pytest.Function) -> bool:
    """Whether it uses a fixture of its module."""
    used = item._fixtureinfo.name2fixturedefs.values()
    return any(one.scope == "module" for fixtures in used for one in fixtures)
