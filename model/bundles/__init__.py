"""Bundles: what training writes and a worker loads, and the store they live in.

card    what a person should know of a bundle: data, licence, held-out figures, how to make it again
habits  what the music it learnt from is usually like
rehearsal  a small sample of that music, for training that goes on from the bundle
learnt  what a bundle takes along of its training set, all together
bundle  files with a manifest that names the hash of each; a mismatch is refused with the reason
store   named bundles with immutable versions, and a pointer that moves in one stroke
layered a store of one's own over the shipped bundles
life    names, versions, pointers and their past as files: what `store` is built on
exchange    a bundle as one zip, and a stranger's zip as files
inspection  whether a stranger's files are a bundle that does no harm
arrays      a stranger's .npz read without numpy's own reader
shapes      the weights of a network by its sizes, without building it
"""

from model.bundles.bundle import Bundle, pack
from model.bundles.card import Card
from model.bundles.layered import shared_store
from model.bundles.store import SHIPPED, BundleInfo, BundleStore, VersionInfo, open_bundle

__all__ = [
    "SHIPPED",
    "Bundle",
    "BundleInfo",
    "BundleStore",
    "Card",
    "VersionInfo",
    "open_bundle",
    "pack",
    "shared_store",
]
