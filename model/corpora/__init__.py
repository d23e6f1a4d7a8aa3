"""Corpora a developer trains on: from published files or MIDI folders to training batches.

catalogue     corpora known by name: address, checksum, licence
readers       how each of them becomes MIDI files with styles
downloads     fetches published files, and keeps downloads and converted corpora between runs
sources       MIDI bytes from folders and archives, with split, style and work
corpus        encoded pieces by split, without near-duplicates across the splits, kept in shards on disk
augmentation  other players and other loudness, each time a piece comes up
windows       encoded pieces as training windows with carried state, in the order of their weights
"""
