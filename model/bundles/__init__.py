"""Bundles: everything that belongs to a trained model, and the store that keeps their versions.

bundle            the files of a bundle, with a manifest that lists the hash of each; its card
priors            statistics of the training set, from which options that nobody chose are sampled
training_artifacts  what a bundle keeps of its training set, a replay sample for further training among it
abilities         which styles, instruments and modes a bundle can be asked for
instrumentation   which programs a bundle draws for the instruments that are asked for
store             named bundles with immutable versions, one of them in use; a store over the shipped bundles
version_pointers  names, versions and pointers as files: the base of `store`
zip_format        export to and import from a zip; reads an untrusted .npz
inspection        checks of an untrusted bundle, the shapes of its weights among them
"""

from model.bundles.bundle import Bundle, Card, pack
from model.bundles.store import SHIPPED, BundleInfo, BundleStore, VersionInfo, open_bundle, shared_store

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
