"""How well a bundle predicts unseen music, and how its generated pieces compare with real music.

held_out          held-out likelihood of a bundle, with the protocol in which the JSB chorales are published
ngrams            unigram and 3-gram baselines over the 388 events
samples           the pieces that a report compares: generated ones, real ones, and continuations of seeds
control_accuracy  requested controls compared with what is found in the piece
distributions     one metric compared over two sets of pieces
report_data       all figures of a report as JSON, and its goals
html_report       the report as one HTML page with plots
"""
