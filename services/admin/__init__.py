"""Admin: the configuration of guilds, who may do what, API keys, and the commands of staff."""
