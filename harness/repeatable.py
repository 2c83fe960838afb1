"""Makes Hypothesis draw the same in every process: settings, and what has to be switched off.

Owns what such a run is given, where it keeps its files, and the simplest text for a pattern. Refuses to draw
anything else itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

from hypothesis import HealthCheck, Phase, Verbosity, configuration, errors, find, settings
from hypothesis import strategies as st

from harness.cache import cache_folder


def quiet_settings(examples: int, phases: Sequence[Phase] = (Phase.generate,)) -> settings:
    """No database, no deadline, no health checks, and no output."""
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
def own_hypothesis_run() -> Iterator[None]:
    """What each of our Hypothesis runs is made in, its strategies included."""
    with _without_constants_of_loaded_modules(), _files_in_the_cache():
        yield


@contextmanager
def _files_in_the_cache() -> Iterator[None]:
    """Hypothesis keeps tables in `.hypothesis`, in the folder of the user; what we draw leaves nothing there.

    A folder that the user chose for them is used.
    """
    usual = getattr(configuration, "__hypothesis_home_directory_default", None)
    before = getattr(configuration, "__hypothesis_home_directory", None)
    if before not in (None, usual) or os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY"):
        yield
        return
    configuration.set_hypothesis_home_dir(cache_folder() / "hypothesis")
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(before)


@contextmanager
def _without_constants_of_loaded_modules() -> Iterator[None]:
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


_TRIED = 200
"""Texts of which the simplest is taken."""


def text_for(pattern: str, fits: Callable[[str], bool]) -> str | None:
    """The simplest text that has a regular expression in it, and fits; None where none is found."""
    quiet = quiet_settings(_TRIED, (Phase.generate, Phase.shrink))
    try:
        with own_hypothesis_run():
            texts = st.from_regex(re.compile(pattern, re.ASCII))
            return find(texts, fits, settings=settings(quiet, derandomize=True))
    except (re.error, errors.HypothesisException):  # a pattern of another dialect, or too rare a text
        return None
