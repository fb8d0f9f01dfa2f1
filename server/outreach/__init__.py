"""Outreach: one message to people chosen by place, level, measure or what their facts say.

It is counted before it goes, confirmed by a second officer, and sent in batches through the outbox,
by day only and to nobody twice a day; what came of it is told per campaign.
"""
