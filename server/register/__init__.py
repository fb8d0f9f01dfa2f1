"""The register 困难职工台账: people in hardship, their households, and the employers around them.

A person stands in it once, by the identity number, sealed with a key of their own. What officers do
to an entry is a short list of moves, each an event that stays: the weekly report is told from them.
"""
