"""Intake: the one way an event takes into the ledger. When its transaction is committed the event is acknowledged."""
