"""Commands as the gateway sees them: which there are, who meant which, and how Discord knows of them."""
