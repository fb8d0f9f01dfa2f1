"""Backups of the whole service, the way back, and the keys apart from all else."""
