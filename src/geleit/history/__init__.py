"""What happened, kept and read: the archive for ever, the journal for analysis, and what is newer than it."""
