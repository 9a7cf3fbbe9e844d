"""The services: each owns its data and talks to the others over RabbitMQ and HTTP."""
