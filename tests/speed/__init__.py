"""Benchmarks, run by `nox -s speed`. Nothing here is a test: speed is measured, never asserted."""
