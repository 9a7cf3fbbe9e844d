"""What the gateway does on Discord: every action that a service may ask for, carried out once."""
