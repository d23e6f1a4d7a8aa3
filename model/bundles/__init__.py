"""Bundles: everything that belongs to a trained model, and the store that keeps their versions.

bundle            the files of a bundle, with a manifest that lists the hash of each
card              data, licence, held-out figures and the command that reproduces the bundle
habits            statistics of the training set, from which options that nobody chose are sampled
replay_sample     a sample of the training set, for further training
training_artifacts  everything a bundle keeps from its training set
instrumentation   which programs a bundle draws for the instruments that are asked for
abilities         which styles, instruments and modes a bundle can be asked for
store             named bundles with immutable versions, one of them in use
layered           a store over the shipped bundles
version_pointers  names, versions and pointers as files: the base of `store`
zip_format        export to and import from a zip
inspection        checks of an untrusted bundle
plain_npz         reads an untrusted .npz without NumPy's reader
weight_shapes     the shapes of a network's weights, without building it
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
