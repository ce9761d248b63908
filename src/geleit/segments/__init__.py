"""Named conditions over customers: one language, asked of everybody at once and of one person at the moment something happens."""
