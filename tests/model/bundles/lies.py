"""Ways to lie in a bundle; what each returns makes the bytes of a zip."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import numpy as np

from model.bundles.zip_format import write_zip
from tests.model.bundles.made import CARD, CONFIG, as_json, bundle, npz, sealed, weights
from tests.model.uploads.zips import Part, archive

MIB = 1 << 20
GOOD = bundle()
Make = Callable[[], bytes]


class Shell:
    """What a pickle could do when it is read."""

    def __reduce__(self) -> tuple:
        return (open, ("/tmp/cadenza-was-here", "w"))  # noqa: S108


def with_file(**others: bytes) -> Make:
    """A bundle whose manifest fits what it holds."""
    return lambda: write_zip(bundle(**others))


def without(name: str) -> Make:
    return lambda: write_zip(sealed({file: data for file, data in GOOD.items() if file != name}))


def unsealed(**others: bytes) -> Make:
    """A bundle whose manifest was made before."""
    return lambda: write_zip({**GOOD, **{name.replace("__", "."): data for name, data in others.items()}})


def config(**sizes: object) -> Make:
    return with_file(config__json=as_json({**CONFIG.model_dump(), **sizes}))


def card(**texts: object) -> Make:
    return with_file(card__json=as_json({**CARD.model_dump(), **texts}))


def arrays(**changed: object) -> Make:
    """Weights of which some were changed; None takes one away."""
    kept = weights() | {name.removeprefix("w"): value for name, value in changed.items()}
    return lambda: write_zip(
        bundle(weights__npz=npz({name: one for name, one in kept.items() if one is not None}, False, True))
    )


def npy(header: bytes, body: bytes = b"") -> Make:
    """Weights whose first array is written by hand."""

    def make() -> bytes:
        line = header.ljust(117) + b"\n"
        data = b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line + body
        first = {"000.npy": data}
        others = zipfile.ZipFile(io.BytesIO(GOOD["weights.npz"]))
        files = {name: first.get(name, others.read(name)) for name in others.namelist()}
        return write_zip(bundle(weights__npz=archive(*(Part(name.encode(), one) for name, one in files.items()))))

    return make


def manifest(**said: object) -> Make:
    return lambda: write_zip({**GOOD, "manifest.json": as_json({**json.loads(GOOD["manifest.json"]), **said})})


def zip_of(*parts: Part) -> Make:
    others = [Part(name.encode(), data) for name, data in GOOD.items() if name.encode() not in {p.name for p in parts}]
    return lambda: archive(*others, *parts)


FIRST = weights()["000"]
INDEX = {"every": np.array([1, 1])} | {
    f"runs_{n}_{part}": value
    for n in (8, 16)
    for part, value in {
        "size": np.array(1024),
        "low": np.zeros(1, np.uint8),
        "high": np.array([128], np.uint8),
        "shared": np.zeros(1, np.uint8),
    }.items()
}
MANY = tuple(str(n) for n in range(20_001))
HUGE = "1" + "0" * 400
