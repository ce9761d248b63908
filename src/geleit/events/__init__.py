"""What happened: the event, its place in the total order, and the catalogue of event kinds."""
