"""Several digits in one picture: marks, lines of writing, and cuts between digits that touch."""
