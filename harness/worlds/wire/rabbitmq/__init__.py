"""A bus whose messages RabbitMQ carries: what stands between the proxy and the broker.

A client's connection comes through the proxy, as any participant's, and is handed on to the broker frame by
frame (`link`); publishes are answered like requests, and deliveries are handed on when the line of messages
says so (`carrier`). So the fault injector knows each message, the proxy gives the symptom, and what comes
again comes from the broker. Another broker is another package like this one.
"""
