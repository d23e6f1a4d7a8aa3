"""Corpora a developer trains on: from published files or MIDI folders to training batches.

catalogue        corpora known by name: address, checksum, licence
readers          how each of them becomes MIDI files with styles
cache            downloads, converted corpora and shards, kept between runs
sources          MIDI bytes from folders and archives, with split, style and work
shards           encoded pieces as memory-mapped files, made in parallel and reused by the next run
near_duplicates  pieces that are nearly the same, in any key
corpus           corpora split by piece or work, without near-duplicates across the splits
augmentation     other players and other loudness, each time a piece comes up
windows          encoded pieces as training windows with carried state, in the order of their weights
processes        a function over many items in other processes, with a time limit for each
"""
