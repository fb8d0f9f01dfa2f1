"""The releases of the knowledge, and the indexes that are kept of them."""
