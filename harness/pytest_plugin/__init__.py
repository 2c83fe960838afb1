"""The pytest plugin: `@saga_test` searches a scenario as a test, `saga_chaos` runs single plans.

Owns the two options, the folder in which a test's counterexamples land, and the words of a failed
test. Imported by every pytest session on the machine, so it imports nothing but pytest until a
test asks for more. Refuses to search in other processes: `pytest -n` has them already, and each
has worlds, a proxy server and a folder of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import harness.packages  # noqa: F401 - from now on the names of our packages are the user's
from harness.choices import PROXIES
from harness.pytest_plugin.decorator import saga_test

if TYPE_CHECKING:
    from harness.pytest_plugin.chaos import SagaChaos

__all__ = ["pytest_addoption", "pytest_unconfigure", "saga_chaos", "saga_test"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where counterexamples go, and which proxy the wire uses."""
    group = parser.getgroup("saga-chaos", "chaos testing of sagas")
    group.addoption(
        "--saga-out",
        metavar="DIR",
        help="where @saga_test writes reports and counterexamples; default: .saga-chaos in the root folder",
    )
    group.addoption(
        "--saga-no-stored",
        action="store_true",
        help="neither try counterexamples of earlier sessions first nor keep those of this one",
    )
    group.addoption(
        "--saga-proxy",
        choices=PROXIES,
        default="auto",
        help="which proxy the wire uses where a test does not say; default: auto",
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no proxy server behind, whatever ended the session."""
    shared = sys.modules.get(f"{__name__}.shared")
    if shared is not None:
        shared.close_worlds(config)


@pytest.fixture(scope="session")
def saga_chaos(request: pytest.FixtureRequest) -> Iterator[SagaChaos]:
    """Runs single plans and judges them. Of the session, so that it goes with `@given`."""
    from harness.pytest_plugin.chaos import SagaChaos  # noqa: PLC0415 - see the module's docstring
    from harness.pytest_plugin.shared import close_worlds, worlds_of  # noqa: PLC0415 - see above

    yield SagaChaos(worlds_of(request.config), request.config.rootpath)
    close_worlds(request.config)
