"""Commands: which there are, what people meant, and how Discord knows of them."""
