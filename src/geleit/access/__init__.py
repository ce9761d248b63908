"""Who may send: write keys of sources, kept as hashes only."""
