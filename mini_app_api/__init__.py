"""The worker's JSON API under /api/v1: parse, call, present."""
