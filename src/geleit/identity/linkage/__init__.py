"""Finds records that are probably one person from names, birthdays and addresses, without labels and without tuning."""
