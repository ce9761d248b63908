"""The journey picture: what one person really did, in lanes, with everything we do not know shown as unknown."""
