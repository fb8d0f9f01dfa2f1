"""Places: where a text names one, by characters or by sound, and what it is to who names it."""
