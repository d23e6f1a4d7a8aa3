"""How well a network predicts music it has not learnt from, beside floors that any network must beat.

likelihood  the exact likelihood of whole pieces, in nats
ngrams      unigram and 3-gram models of the 388 events, fitted in seconds
report      one bundle on one data set: every figure with the words that say what it means
"""

from model.evaluation.report import evaluate

__all__ = ["evaluate"]
