"""Difficulties of a photograph by name, in five groups of which one scene may combine one each.

Names are part of seeded draws: they choose the difficulties of a random scene and the seeds of
the benchmarks.
"""

from digitlab.synthetic.photographs.camera_difficulties import FRAMES, LENSES, LIGHTS
from digitlab.synthetic.photographs.paper_difficulties import PAPERS, PENS

__all__ = ["FRAMES", "LENSES", "LIGHTS", "PAPERS", "PENS"]
