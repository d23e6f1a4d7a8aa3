"""Bundles whose files are not what they should be inside; each with the sentence it is refused with."""

from __future__ import annotations

import numpy as np

from model.keys import KEYS
from tests.model.bundles.lies import FIRST, GOOD, HUGE, INDEX, MIB, Make, Shell, arrays, card, config, npy, with_file
from tests.model.bundles.made import CARD, as_json, npz, weights
from tests.model.uploads.zips import Part, archive

CONTENTS: dict[str, tuple[Make, str]] = {
    "weights that are none": (with_file(weights__npz=b"\0" * 500), "weights.npz can't be read"),
    "weights cut short": (with_file(weights__npz=GOOD["weights.npz"][:900]), "weights.npz can't be read"),
    "a weight too few": (arrays(w000=None), "not numbered consecutively"),
    "the last weight missing": (arrays(**{f"w{len(weights()) - 1:03d}": None}), "this network has"),
    "a weight too many": (arrays(**{f"w{len(weights()):03d}": FIRST}), "this network has"),
    "a weight of another name": (arrays(wsecret=FIRST), "not numbered consecutively"),
    "a weight turned around": (arrays(w000=FIRST.T), "array 0 has the wrong shape"),
    "a weight made flat": (arrays(w000=FIRST.reshape(-1)), "array 0 has the wrong shape"),
    "other sizes": (config(units=8), "the wrong shape"),
    "doubles": (arrays(w000=FIRST.astype(np.float64)), "of the wrong type"),
    "whole numbers": (arrays(w000=FIRST.astype(np.int32)), "of the wrong type"),
    "objects": (arrays(w000=np.array([Shell()], dtype=object)), "Python objects, which could run code"),
    "rows of fields": (arrays(w000=np.zeros(4, dtype=[("a", "f2")])), "not a plain array"),
    "letters": (arrays(w000=np.array(["rm -rf"])), "not a plain array"),
    "complex numbers": (arrays(w000=FIRST.astype(np.complex64)), "not a plain array"),
    "NaN": (arrays(w000=np.full_like(FIRST, np.nan)), "NaN or infinite"),
    "infinity": (arrays(w001=np.full_like(weights()["001"], -np.inf)), "NaN or infinite"),
    "a shape of 10^12": (
        npy(b"{'descr': '<f2', 'fortran_order': False, 'shape': (1000000, 1000000), }"),
        "a different size than it states",
    ),
    "a shape below zero": (npy(b"{'descr': '<f2', 'fortran_order': False, 'shape': (-1, -1), }"), "not a plain array"),
    "a shape of many parts": (
        npy(b"{'descr': '<f2', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1), }", b"ab"),
        "a different size than it states",
    ),
    "an expression": (npy(b"{'descr': '<f2', 'fortran_order': False, 'shape': (2**99,), }"), "not a plain array"),
    "a call": (npy(b"__import__('os').system('id')"), "not a plain array"),
    "brackets": (npy(b"(" * 110), "not a plain array"),
    "an array inside an array": (
        with_file(weights__npz=npz({"000": np.frombuffer(npz({"a": FIRST}), np.uint8)})),
        "of the wrong type",
    ),
    "a bomb inside": (
        with_file(weights__npz=npz({"000": np.zeros((8_000, 8_000), np.float16)}, squeezed=True)),
        "as a zip bomb does|a network of",
    ),
    "a text among the arrays": (with_file(weights__npz=archive(Part(b"000.txt", b"x"))), "something other than arrays"),
    "a path among the arrays": (
        with_file(weights__npz=archive(Part(b"../000.npy", b"x"))),
        "something other than arrays|leads out",
    ),
    # card and history
    "a card that is none": (with_file(card__json=b"null"), "card.json is not what"),
    "a card with code": (card(command_line="rm"), r"'command_line' is wrong"),
    "a long title": (card(title="a" * 81), r"'title' is wrong"),
    "no title": (card(title=" "), "no title"),
    "a long licence": (card(licence="a" * 1_001), "the limit is 1,000"),
    "a novel for data": (card(data="a" * 4_001), "the limit is 4,000"),
    "a title that turns around": (card(title="a\u202eb"), "invisible or text-reversing"),
    "a title that rings": (card(title="a\x1b[2J"), "invisible or text-reversing"),
    "a figure that is none": (
        with_file(card__json=CARD.model_dump_json().replace("2.5", "NaN").encode()),
        "NaN, infinite or enormous|card.json is not what",
    ),
    "an enormous figure": (card(figures={"nats": 1e300}), "NaN, infinite or enormous"),
    "a hundred figures": (card(figures={str(n): 1.0 for n in range(100)}), "100 figures"),
    "a figure with a long name": (card(figures={"n" * 65: 1.0}), "the limit is 64"),
    "a page that is no text": (with_file(CARD__md=b"\xff\xfe"), "CARD.md is not text"),
    "a page that rings": (with_file(CARD__md=b"\x07"), "invisible or text-reversing"),
    "a history that is none": (with_file(history__json=b"{}"), "not a list of at most"),
    "a history of depth": (with_file(history__json=b"[" * 100_000), "history.json can't be read"),
    "a history of words": (with_file(history__json=as_json([{"loss": "low"}])), "list of figures by name"),
    "a history of lists": (with_file(history__json=as_json([[1]])), "list of figures by name"),
    "a history without figures": (with_file(history__json=b'[{"loss": NaN}]'), "NaN, infinite or enormous"),
    "a history of a huge number": (
        with_file(history__json=f'[{{"loss": {HUGE}}}]'.encode()),
        "NaN, infinite or enormous",
    ),
    "a history without end": (with_file(history__json=as_json([{}] * 20_001)), "not a list of at most"),
    # what not every bundle has
    "priors that are none": (with_file(habits__json=b"[]"), "habits.json is not what"),
    "priors of one key": (with_file(habits__json=as_json({"keys": [1.0]})), "'keys' is wrong"),
    "priors without figures": (
        with_file(habits__json=b'{"notes_per_s": [NaN]}'),
        "NaN, infinite or enormous|habits.json is not",
    ),
    "priors of a machine": (with_file(habits__json=as_json({"notes_per_s": [1e9]})), "impossible note densities"),
    "priors of keys without end": (
        with_file(habits__json=as_json({"keys": [1e300] * len(KEYS)})),
        "NaN, infinite or enormous",
    ),
    "an index that is none": (with_file(originality__npz=b"PK"), "originality.npz can't be read"),
    "an index of objects": (
        with_file(originality__npz=npz({"every": np.array([Shell()], object)}, False, True)),
        "Python objects",
    ),
    "an empty index": (with_file(originality__npz=npz({"every": np.array([1, 1])})), "not an originality index"),
    "an index of every third": (
        with_file(originality__npz=npz({**INDEX, "every": np.array([3, 1])})),
        "no valid thinning factors",
    ),
    "an index of none": (
        with_file(originality__npz=npz({**INDEX, "every": np.array([0, 1])})),
        "no valid thinning factors",
    ),
    "an index without an order": (
        with_file(originality__npz=npz({**INDEX, "runs_8_size": np.array(0)})),
        "not an originality index",
    ),
    "an index of odd shapes": (
        with_file(originality__npz=npz({**INDEX, "runs_8_size": np.zeros((2, 2))})),
        "not an originality index",
    ),
    "an index that is a bomb": (
        with_file(originality__npz=npz({**INDEX, "runs_8_low": np.zeros(30 * MIB, np.uint8)}, True)),
        "can't be read",
    ),
    "a replay sample of objects": (
        with_file(rehearsal__npz=npz({"a": np.array([Shell()], object)}, False, True)),
        "Python objects",
    ),
}
