"""Discord's REST API: rate limits per route and overall, a breaker, and calls that end by their deadline."""
