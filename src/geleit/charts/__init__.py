"""Charts: pictures and table twins of answers about all journeys, drawn with the letters and colors of the maps."""

from geleit.charts.gallery import Picture, draw

__all__ = ["Picture", "draw"]
