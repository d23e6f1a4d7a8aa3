"""How well a bundle predicts unseen music, and how its generated pieces compare with real music.

held_out          held-out likelihood on a data set, with the definitions that belong to the figures
jsb16             the protocol in which likelihoods of the JSB chorales are published
ngrams            unigram and 3-gram baselines over the 388 events
generation        generating pieces for measurement
reference         real music to compare with
distributions     one metric compared over two sets of pieces
control_accuracy  requested controls compared with what is found in the piece
continuations     whether a continuation keeps the key and tempo of its seed
report_data       all figures of a report as JSON
goals             the goals of a report and whether they are met
html_report       the report as one HTML page, with `plots`
"""
