"""Which versions of packages are at work.

Refuses to guess: what is not installed, such as a copy of the source on a path, has no version.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def version_of(package: str) -> str | None:
    """None where the package is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
