"""What all brokers have in common: an address, a process of our own, and what can go wrong with them.

Refuses to know a protocol (`harness.rabbitmq`, `harness.redis`) and what a message means.
"""
