"""Makes a piece audible and visible, in processes of its own that cannot take the worker down.

pool                  `RenderPool`: what the worker calls; restarts what breaks, turns faults into sentences
child                 one render process, as the pool uses it
process               what a render process does
settings              `RenderSettings`
registry              the renderers there are, one line each
renderer              what a renderer is
audio                 the MP3: play, level, fade, code
schedule              a piece as key and pedal events at sample positions
engines               which synthesizer plays
fluidsynth_engine     FluidSynth, where the system has it
tinysoundfont_engine  tinysoundfont, where it has not
mp3                   sound to MP3 with a title
mp3_length            the frame that tells players how long an MP3 is
picture               the PNG: a piano roll, which `model.pictures` draws

A new renderer is one module and one line in `registry`.
"""

from worker.render.pool import RenderedFile, Rendering, RenderPool
from worker.render.settings import RenderSettings

__all__ = ["RenderPool", "RenderSettings", "RenderedFile", "Rendering"]
