"""A bus whose messages a broker carries: what stands between the proxy and the broker, whichever it is.

A client's connection comes through the proxy, as any participant's, and is handed on to the broker (a link);
publishes are answered like requests, and deliveries are handed on when the line of messages says so
(`carrier`). So the fault injector knows each message, the proxy gives the symptom, and what comes again comes
from the broker. Owns what is the same for each broker; `rabbitmq` and `redis` beside it own what is not.
"""
