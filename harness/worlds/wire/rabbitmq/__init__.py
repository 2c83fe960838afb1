"""RabbitMQ behind the proxy: each AMQP frame is read (`link`), and what is declared there for a bus."""
