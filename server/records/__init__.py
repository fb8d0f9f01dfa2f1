"""The audit: who read or changed whose data, in one chain that shows every tampering."""
