"""Hypothesis runs that draw the same in every process: their settings, and what has to be switched off.

Owns what such a run is given. Refuses to draw anything itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

from hypothesis import HealthCheck, Phase, Verbosity, settings


def quiet_settings(examples: int, phases: Sequence[Phase] = (Phase.generate,)) -> settings:
    """No database, no deadline, no health checks, and no word on the screen."""
    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=tuple(phases),
        suppress_health_check=tuple(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        print_blob=False,
    )


@contextmanager
def without_constants_of_loaded_modules() -> Iterator[None]:
    """Hypothesis draws constants out of the modules that happen to be loaded, which differ by process."""
    from hypothesis.internal.conjecture import providers  # noqa: PLC0415 - an inner module, which may go

    known = getattr(providers, "_local_constants", None)
    if known is None:
        yield
        return
    none = type(known)()
    try:
        with mock.patch.object(providers, "_get_local_constants", return_value=none):
            providers.CONSTANTS_CACHE.cache.clear()
            yield
    finally:
        providers.CONSTANTS_CACHE.cache.clear()
