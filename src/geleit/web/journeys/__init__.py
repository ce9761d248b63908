"""The pages of questions about all journeys: a hub, a page for each question, and the people behind every number."""
