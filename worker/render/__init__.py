"""Renders audio and pictures, in child processes that cannot take the worker down.

pool                  `RenderPool`: what the worker calls; restarts what breaks, turns errors into sentences
line                  which piece a render process takes next
child                 one render process, as the pool uses it
process               what a render process does
settings              `RenderSettings`
renderer              the interface of a renderer, and the list of them
audio                 the MP3: synthesis, room, fade, level, encoding
mixing                how loud each instrument is, and where it sits
room                  the reverberation, the same for every synthesizer
loudness              LUFS, true peak, and the limiter that brings all pieces to one level
schedule              a piece as key and pedal events at sample positions
engines               which synthesizer plays
fluidsynth_engine     FluidSynth, where the system has it
tinysoundfont_engine  tinysoundfont, where it has not
midirenderer_engine   midirenderer, where neither is installed
mp3                   sound to MP3 with a title and its length
picture               the PNG: a piano roll, which `model.pictures` draws

A new renderer is one module and one line in `renderer`.
"""

from worker.render.pool import RenderedFile, Rendering, RenderPool
from worker.render.settings import RenderSettings

__all__ = ["RenderPool", "RenderSettings", "RenderedFile", "Rendering"]
