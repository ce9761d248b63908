"""Customers: the unified person as read from facts: traits, timeline, consents, accounts, orders, products."""
