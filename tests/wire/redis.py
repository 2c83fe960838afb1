"""Finds Redis, or installs Debian's: `python -m tests.wire.redis`."""

from __future__ import annotations

from harness.redis.server import find_redis
from tests.wire.install import install

REQUIRED = "SAGA_CHAOS_REDIS_REQUIRED"

if __name__ == "__main__":
    install("redis-server", find_redis)
