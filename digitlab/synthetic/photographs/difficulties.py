"""Difficulties: what can be hard about a photograph, by name, in five groups.

One of each group can be met in one photograph.
"""

from digitlab.synthetic.photographs.camera_difficulties import FRAMES, LENSES, LIGHTS
from digitlab.synthetic.photographs.paper_difficulties import PAGES, PENS

__all__ = ["FRAMES", "LENSES", "LIGHTS", "PAGES", "PENS"]
