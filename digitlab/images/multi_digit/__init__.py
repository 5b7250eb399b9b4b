"""Several digits in one picture: their ink, their order, and the ways to segment it."""
