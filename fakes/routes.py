"""Reads the routes of a resource from the way that people write them."""

from harness.participant import routes

__all__ = ["routes"]
