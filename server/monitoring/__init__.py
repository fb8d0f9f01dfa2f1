"""What those who watch over the service see of it: figures, and lines of its log."""
