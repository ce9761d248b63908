"""The processes behind the pages: one commits events, one keeps the stores, so that neither holds up the other."""
