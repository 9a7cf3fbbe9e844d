"""The gateway: the only part that talks to Discord; its shards, its commands, and its executor of actions."""
