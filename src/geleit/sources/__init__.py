"""Sources: how the records of a company's systems become events, and what happens to those that cannot."""
