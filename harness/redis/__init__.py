"""Redis: finding a server, running one of our own, and speaking to it; how an event is an entry of a stream.

Owns the server's process, a small client, the commands of streams and the fields of an entry. Refuses to know
what a message means to a saga, and which fault strikes it. `hiredis` is imported late: the extra `redis`
brings it.
"""
