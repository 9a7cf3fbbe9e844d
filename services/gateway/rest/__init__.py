"""Discord's REST API: rate limits, a breaker, and calls that end by their deadline."""
