"""Renders audio and pictures, in child processes that cannot take the worker down.

pool                  `RenderPool`: what the worker calls; the fair queue in front of the processes
process               one render process, both sides
renderer              the interface of a renderer, the list of renderers, `RenderSettings`
media                 the two renderers: MP3 and piano roll
mixing                how loud each instrument is, and where it sits
room                  the reverberation, the same for every synthesizer
loudness              LUFS, true peak, and the limiter that brings all pieces to one level
schedule              a piece as key and pedal events at sample positions
engines               which synthesizer plays
fluidsynth_engine     FluidSynth, where the system has it
tinysoundfont_engine  tinysoundfont, where it has not
midirenderer_engine   midirenderer, where neither is installed
loudness              loudness after ITU-R BS.1770, levelling and a limiter
mixing                where each instrument of a band sits, and how loud
room                  the same reverberation for every synthesizer
mp3                   encodes MP3, with a title and the length

A new renderer is a class in `media` and a line in `renderer`.
"""

from worker.render.pool import RenderedFile, Rendering, RenderPool
from worker.render.renderer import RenderSettings

__all__ = ["RenderPool", "RenderSettings", "RenderedFile", "Rendering"]
