"""Identity: evidence in, customers out; every link explained, the same result in whatever order it arrived."""
