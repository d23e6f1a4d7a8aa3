"""From MIDI files to training batches.

sources  MIDI bytes out of folders, zip and tar archives, with the split a published table gives
styles   what style a piece has, from a table's row or the folder it lies in
corpus   files read, checked and encoded in parallel, split by piece
windows  encoded pieces as training windows with carried state
"""
