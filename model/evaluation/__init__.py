"""How well a network predicts music it has not learnt from, and how what it composes compares with real music.

likelihood  the exact likelihood of whole pieces, in nats
ngrams      unigram and 3-gram models of the 388 events, fitted in seconds
jsb16       the protocol in which likelihoods of the JSB chorales are published
report      one bundle on one data set: every figure with the words that say what it means

study         everything about what a bundle composes, as JSON; `verdicts` holds it against goals
page          the same as one page of HTML, with plots by `drawing`
reading       real music to compare with; `excerpts` cuts it to the length of the composed pieces
making        composing for measurement
metrics       figures of one piece; `distributions` compares two sets of them
degeneration  loops, silences and other failures, counted
originality   what a piece has in common with the training set; `fingerprints` are the runs of notes it is told by,
              `sparse_set` keeps them small enough for a bundle, `indexing` makes them from a training set
obedience     controls asked against found, with `keys` and `tempi` as detectors
continuations whether a continuation keeps to its seed
"""
