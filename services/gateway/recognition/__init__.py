"""Recognition: which commands there are, what people meant, how Discord knows of them."""
