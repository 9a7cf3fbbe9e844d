"""Web: the dashboard, which owns no guild's data and asks the services that do."""
