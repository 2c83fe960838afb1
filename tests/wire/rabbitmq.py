"""Finds RabbitMQ, or installs Debian's: `python -m tests.wire.rabbitmq`."""

from __future__ import annotations

from harness.rabbitmq.discovery import find_broker
from tests.wire.install import install

REQUIRED = "SAGA_CHAOS_RABBITMQ_REQUIRED"

if __name__ == "__main__":
    install("rabbitmq-server", find_broker)
