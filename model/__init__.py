"""Music: pieces, MIDI, representations, networks, training, generation, evaluation. No Redis, no Discord.

piece           the one in-memory form of music; excerpts of it, and its sustain pedal as duration
midi/           reads MIDI files of any quality, and writes them
controls        what may be asked of a piece, and how real music is measured by it
instruments     General MIDI programs, families, the names people use, and what each instrument can play
keys            names of keys, the key of given pitches, and what a key means for pitches
model_choice    which model composes when none was named
representation/ pieces as steps that a network reads and draws
network/        the networks, in plain Keras
corpora/        what a developer trains on: from published files to training windows
uploads/        data sets that members gather
training/       the training loop: validation, checkpoints, resume; finetuning/ fits a bundle to a small data set
generation/     from a request to a finished piece: options, seeds, the engine that draws notes for many pieces at once
classic/        the classic tutorial's workflow: music21, windows, one softmax
pictures/       piano rolls and sheets
analysis/       key, tempo, metrics of one piece; melody hashes, near-duplicates, originality
evaluation/     held-out likelihood, and generated pieces compared with real music
bundles/        what training writes and a worker loads; shipped/ holds those that come with the code
cli/            the commands of `python -m model`
devices         what is computed on: the CPU or one GPU
archives        untrusted zip archives, read in memory
isolated        functions in child processes with limits on time and memory
compiling       compiles functions with numba, and keeps the machine code on disk
arithmetic      exp, sigmoid and tanh with the same bits on every processor
errors          the tree of errors, each with a sentence
files           files that are replaced whole or not at all
"""

import os

# Read once, when TensorFlow is first imported. Without oneDNN a step of one piece takes half the time on a CPU
# (batches this small gain nothing from its kernels) and sums are made in one order, so pieces can be repeated exactly.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # what sampling is compiled with; training may run on others
