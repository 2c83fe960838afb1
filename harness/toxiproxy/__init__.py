"""The proxy room: the only importer of the Toxiproxy client.

Owns finding a server (`discovery`), running it as a child (`server`), speaking to it (`client`) and
the embedded stand-in (`embedded`). Nothing is imported here, so that the embedded server's process
starts without the client's dependencies.
"""
