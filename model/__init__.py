"""Music: pieces, MIDI, representations, networks, training, generation, evaluation. No Redis, no Discord.

piece           the one in-memory form of music; `sustain` turns its pedal into duration
midi/           MIDI files, hostile until checked, as pieces and back
controls        what may be asked of a piece, and how real music is measured by it
instruments     what they are called, and which General MIDI programs are meant; `instrument_ranges` what they can play
choosing        which model composes when none was named; `seed_traits` what a seed is like
wording         small pieces of sentences
tonality        what a key means for pitches
representation/ pieces as steps that a network reads and draws
network/        embeddings, what carries the past, one head per field; and the classic tutorial's
corpora/        folders and archives as training windows
uploads/        data sets that members gather
training/       the loop: validation, checkpoints, resume
generation/     from a request to a finished piece: options, seeds, the engine that draws notes for many pieces at once
classic/        the classic tutorial's workflow: music21, windows, one softmax
pictures/       piano rolls and sheets
excerpts        parts of a piece with a given length
analysis/       key, tempo, metrics and failures of one piece
similarity/     melodic fingerprints and originality against a training set
evaluation/     held-out likelihood, and generated pieces compared with real music
bundles/        what training writes and a worker loads; shipped/ holds those that come with the code
commands/       `python -m model …`
devices         what is computed on: the CPU or one GPU
archives        untrusted zip archives, read in memory
isolated        functions in child processes with limits on time and memory
compiling       compiles functions with numba, and keeps the machine code on disk
arithmetic      exp, sigmoid and tanh with the same bits on every processor
errors          everything that is raised on purpose, each with a sentence
files           files that are replaced whole or not at all
"""

import os

# Read once, when TensorFlow is first imported. Without oneDNN a step of one piece takes half the time on a CPU
# (batches this small gain nothing from its kernels) and sums are made in one order, so pieces can be repeated exactly.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # what sampling is compiled with; training may run on others
