"""Redis behind the proxy: each command on the streams of a bus is followed, and what it has for a bus.

A queue is a consumer group there. What is to come again stays pending, and comes when it is claimed.
"""
