"""Keeping the knowledge true: drafts, what a release of them would do, publishing, taking back."""
