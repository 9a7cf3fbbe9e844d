"""The pages of the dashboard, and the panels that they are put together of."""
