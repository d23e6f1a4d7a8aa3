"""Discord's published description of the request bodies served here (see LICENSE), and `trim`, which cut it out."""
