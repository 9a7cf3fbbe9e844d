"""What passes between the services: every message as a typed Struct, JSON on the wire."""
