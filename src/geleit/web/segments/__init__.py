"""Pages of segments: who is in, why, who came and went, and the builder."""
