"""The law of one step of a piece, in `keras.ops`; `model.engine` carries it out.

taste    how far from the likeliest choice the music may stray; plain numbers
drawing  one class out of logits: temperature, top-k, top-p, min-p, and the uniform number that decides
step     one step of a batch of pieces: drawn within what may follow, or taken from a plan
plan     what is given beforehand: notes to weave in, or a template to fill in
guard    what breaks loops of few notes
closing  what keeps the last chord one chord
position where pieces stand between two steps
priming  where a piece begins: before its first note, or after a seed
steering what leads a piece towards its wishes: `key_lean` to the key, `pace` to the density, `pulse` to the beat,
         `ensemble_lean` to everyone playing, and together
"""

from model.sampling.taste import Taste

__all__ = ["Taste"]
