"""Small files that try to crash a reader, to make it hang, or to use up its memory."""
