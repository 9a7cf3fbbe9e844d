"""The dashboard, by HTTP and in a real browser."""
