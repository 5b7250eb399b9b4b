"""HTML and SVG from plain values; imports nothing of the domain."""
