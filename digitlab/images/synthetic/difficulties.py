"""Difficulties: what can be hard about a photograph, by name, in five groups.

One of each group can be met in one photograph.
"""

from digitlab.images.synthetic.hard_sheets import PAGES, PENS
from digitlab.images.synthetic.hard_shots import FRAMES, LENSES, LIGHTS

__all__ = ["FRAMES", "LENSES", "LIGHTS", "PAGES", "PENS"]
