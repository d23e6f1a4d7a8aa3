"""From MIDI files to training batches.

sources  MIDI bytes out of folders, zip and tar archives, with the split a published table gives
styles   what style a piece has, from a table's row or the folder it lies in
catalogue  the data sets known by name: address, checksum, licence
fetching   files from their published addresses, resumed and verified
jsb      the JSON in which the JSB chorales are published
cache    where downloads, converted data sets and shards are kept
shards   encoded pieces as memory-mapped files, made in parallel and found again by the next run
duplicates  pieces that are nearly the same, whatever their key
corpus   data sets split by piece, without near-duplicates across the splits
balance  in which order pieces come up, styles with little music more often where asked
augmentation  who plays and how loudly, changed each time a piece comes up
windows  encoded pieces as training windows with carried state
processes  a function over many items in other processes, each with a time limit
named    what is special about each published data set
"""
