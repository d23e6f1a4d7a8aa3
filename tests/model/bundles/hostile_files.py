"""Bundles that are none, or whose archive, manifest or network means harm; each with the sentence it gets."""

from __future__ import annotations

import gzip
import pickle
import zipfile
from functools import partial

from model.bundles.zip_format import write_zip
from tests.model.bundles.lies import (
    FIRST,
    GOOD,
    HUGE,
    MANY,
    MIB,
    Make,
    Shell,
    config,
    manifest,
    unsealed,
    with_file,
    without,
    zip_of,
)
from tests.model.bundles.made import CARD, CONFIG, as_json, npz, sealed, weights
from tests.model.uploads.zips import Part, archive, link

FILES: dict[str, tuple[Make, str]] = {
    # what it is
    "nothing": (lambda: b"", "not an archive"),
    "a text": (lambda: b"Dear reader, " * 20, "not an archive"),
    "a Keras file": (
        lambda: archive(
            Part(b"metadata.json", b"{}"), Part(b"config.json", b"{}"), Part(b"model.weights.h5", b"\x89HDF")
        ),
        "Keras model",
    ),
    "a Keras file of old": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(99), r"Keras model \(\.h5\)"),
    "a saved model": (lambda: archive(Part(b"saved_model.pb", b"")), "Keras model"),
    "a bundle around a Keras file": (zip_of(Part(b"mine.keras", b"PK")), "Keras model"),
    **{
        f"a pickle of protocol {n}": (partial(pickle.dumps, Shell(), n), "pickle, which could run code")
        for n in (2, 3, 4, 5)
    },
    "a pickle inside": (zip_of(Part(b"weights.pkl", pickle.dumps(Shell()))), r"'weights.pkl', which could run code"),
    "a checkpoint of torch": (lambda: archive(Part(b"archive/data.pkl", b"")), "which could run code"),
    "one array": (lambda: npz({"a": FIRST})[:0] + b"\x93NUMPY\x01\x00", "a single array"),
    "MIDI": (lambda: b"MThd" + bytes(20), "MIDI file"),
    "a gzip": (lambda: gzip.compress(b"x"), "gzip archive"),
    "a rar": (lambda: b"Rar!\x1a\x07\x01\x00", "RAR archive"),
    "a 7z": (lambda: b"7z\xbc\xaf\x27\x1c", "7z archive"),
    "half of one": (lambda: write_zip(GOOD)[:2_000], "cut short"),
    # the archive
    "a file too many": (zip_of(Part(b"setup.py", b"import os")), r"'setup.py', which does not belong to a model"),
    "a file in a folder": (zip_of(Part(b"a/weights.npz", b"")), "which does not belong to a model"),
    "a path that leads out": (zip_of(Part(b"../card.json", b"{}")), "leads out of the archive"),
    "a path from the root": (zip_of(Part(b"/etc/card.json", b"{}")), "path from the root"),
    "a link": (zip_of(link(b"card.json", b"/etc/passwd")), "is a link"),
    "a password": (zip_of(Part(b"card.json", b"{}", flags=1)), "encrypted"),
    "odd compression": (zip_of(Part(b"card.json", b"{}", zipfile.ZIP_LZMA)), "compressed in a way"),
    "a file twice": (
        lambda: archive(*(Part(n.encode(), d) for n, d in GOOD.items()), Part(b"card.json", b"{}")),
        "same file twice",
    ),
    "a wrong checksum": (zip_of(Part(b"card.json", GOOD["card.json"], crc=1)), "checksum is wrong"),
    "a bomb for weights": (zip_of(Part(b"weights.npz", bytes(60 * MIB), zipfile.ZIP_DEFLATED)), "as a zip bomb does"),
    "a bomb of 300 MiB": (zip_of(Part(b"weights.npz", b"", size=300 * MIB)), "as a zip bomb does|more than 256 MiB"),
    "a bomb for a card": (zip_of(Part(b"card.json", bytes(MIB), zipfile.ZIP_DEFLATED)), "card.json is larger than"),
    "many entries": (lambda: archive(*(Part(b"%d" % n) for n in range(40))), "more than 32 entries"),
    # the manifest
    "no manifest": (
        lambda: write_zip({n: d for n, d in GOOD.items() if n != "manifest.json"}),
        "manifest.json is missing",
    ),
    **{
        f"no {name}": (without(name), f"{name} is missing")
        for name in ("weights.npz", "config.json", "card.json", "history.json")
    },
    "a manifest that is none": (unsealed(manifest__json=b"[]"), "no valid manifest"),
    "a manifest of depth": (unsealed(manifest__json=b"[" * 50_000), "no valid manifest"),
    "another format": (manifest(format=2), "has format 2"),
    "another version": (manifest(version="0" * 12), "was altered"),
    "a version that is a path": (manifest(version="../../../tmp"), "was altered"),
    "a file it does not name": (unsealed(habits__json=b"{}"), "is not in the manifest"),
    "a card exchanged": (
        unsealed(card__json=as_json({**CARD.model_dump(), "licence": "none"})),
        "card.json does not match the manifest",
    ),
    "weights exchanged": (unsealed(weights__npz=npz(weights(seed=9))), "weights.npz does not match the manifest"),
    "a manifest that names a path": (
        lambda: write_zip({**GOOD, "manifest.json": sealed({"../x": b""})["manifest.json"]}),
        "no valid manifest",
    ),
    "a manifest that names more": (
        lambda: write_zip({**GOOD, "manifest.json": sealed({**GOOD, "habits.json": b"{}"})["manifest.json"]}),
        "habits.json is missing",
    ),
    # the network
    "no sizes": (with_file(config__json=b"{"), "config.json is not what"),
    "an unknown size": (config(code="import os"), r"'code' is wrong"),
    "half a cell": (config(units=0), r"'units' is wrong"),
    "a million cells": (config(units=1_000_000), "more than 2,048 units"),
    "cells without end": (
        with_file(config__json=CONFIG.model_dump_json().replace('"units":4', f'"units":{HUGE}').encode()),
        "config.json is not what|units",
    ),
    "many layers": (config(layers=10_000), "more than 16 layers"),
    "a long memory": (config(memory=10**6, layers=2), "more than 8,192 memory"),
    "a wide memory": (config(memory=8_192, units=2_048, layers=16, stack="transformer"), "too much memory per piece"),
    "a long window": (config(window=10**5), "more than 1,024 window"),
    "a window of nothing": (config(window=10), "and a vocabulary"),
    "a heavy network": (config(units=2_048, layers=16), "more than 256 MiB of weights"),
    "many words": (config(representation="notes", vocabulary=MANY), "20,001 words"),
    "a long word": (config(representation="notes", vocabulary=["6" * 201]), "the limit is 200"),
    "a word twice": (config(representation="notes", vocabulary=["60", "60"]), "duplicates"),
    "a word that turns around": (config(styles=["a\u202eb"]), "invisible or text-reversing"),
    "a style that rings": (config(styles=["a\x07"]), "invisible or text-reversing"),
    "many styles": (config(styles=[str(n) for n in range(300)]), "300 styles"),
    "an unknown representation": (config(representation="os.system"), "no representation 'os.system'"),
    "an unknown stack": (config(stack="mamba"), r"'stack' is wrong"),
    "impossible dropout": (config(dropout=2), r"'dropout' is wrong"),
    "a Transformer without a window": (config(stack="transformer"), "config.json is not what"),
}
