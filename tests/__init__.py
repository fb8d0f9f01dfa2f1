"""Tests read as sentences; they mirror the packages."""
