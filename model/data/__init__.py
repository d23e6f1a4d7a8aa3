"""From MIDI files to training batches.

sources  MIDI bytes out of folders, zip and tar archives, with the split a published table gives
corpus   files read, checked and encoded in parallel, split by piece
windows  encoded pieces as training windows with carried state
"""
