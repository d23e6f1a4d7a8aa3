"""Bundles: what training writes and a worker loads, and the store they live in.

card    what a person should know of a bundle: data, licence, held-out figures, how to make it again
habits  what the music it learnt from is usually like
rehearsal  a small sample of that music, for training that goes on from the bundle
bundle  files with a manifest that names the hash of each; a mismatch is refused with the reason
store   named bundles with immutable versions, and a pointer that moves in one stroke
"""

from model.bundles.bundle import Bundle, pack
from model.bundles.card import Card
from model.bundles.store import SHIPPED, BundleStore, open_bundle

__all__ = ["SHIPPED", "Bundle", "BundleStore", "Card", "open_bundle", "pack"]
