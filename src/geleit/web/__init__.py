"""The pages and the read-only API: what the workspace knows, shown to a person, in their language, without a network."""
