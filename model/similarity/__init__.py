"""How alike two pieces are, and what a piece shares with a training set. Used by bundles, generation and evaluation.

melody_hashes  hashes of melodic runs, independent of key, tempo and loudness
hash_set       a compressed set of such hashes, small enough for a bundle
originality    the share of a piece that also occurs in the training set
"""
