"""The connections to Discord's gateway, and how what they read reaches RabbitMQ without loss."""
