"""Words: one form for every text, numbers, days and sounds as people write them."""
