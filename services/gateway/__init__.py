"""The gateway, the only part that talks to Discord: shards, commands, executor of actions."""
