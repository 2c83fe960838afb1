"""RabbitMQ: finding a broker, running one of our own, and speaking AMQP 0-9-1 to it.

Owns the broker's process, the frames of the protocol and a small client. Refuses to know what a message
means to a saga, and which fault strikes it. `pamqp` is imported late: the extra `rabbitmq` brings it.
"""
