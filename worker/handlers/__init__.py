"""One handler for each kind of job, over one frame.

base      `JobHandler`: load the record, check, perform, settle
compose   a piece of music
describe  what a MIDI file holds
library   data sets and models of a server
training  a model fitted to a data set
"""
