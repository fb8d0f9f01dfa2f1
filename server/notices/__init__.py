"""What people are told by themselves: the texts, and the outbox where they wait."""
