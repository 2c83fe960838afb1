"""The embedded proxy: Toxiproxy's HTTP API and toxics in Python, for machines without the real server.

Owns its own HTTP server, listeners and links. It knows nothing of sagas, and nothing of the client.
"""
