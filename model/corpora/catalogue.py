"""The corpora known by name: address, checksum, licence, and the conversion to MIDI.

`find_data` turns the value of --data, a path or such names, into folders and archives to read. Addresses and checksums
were compared with the published files. If no checksum is published, or an archive is packed anew for every download,
the entry says so and names what is checked instead.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.corpora.downloads import fetch
from model.errors import DataError
from model.files import cache_folder

# the published file, the part asked for, where to make folders, and whether the file is the published one: the folders
# to read, their licence, and whether that bars commercial use
Preparation = Callable[[Path | None, str, Path, bool], tuple[tuple[Path, ...], str, bool]]


@dataclass(frozen=True)
class DataSet:
    """One published corpus.

    `prepare` names a function (`module:function`) that makes a folder of MIDI files from the published file; without
    one the file is read as it is. `file` is '' for a corpus that a package installs.
    """

    name: str
    title: str
    pieces: str  # how many of what
    styles: str  # what its pieces' styles are and how they are known
    licence: str
    non_commercial: bool
    home: str  # a page about it
    address: str = ""
    file: str = ""
    size: int = 0  # bytes of `file`; 0 where it varies
    sha256: str = ""
    checked: str = ""  # what is compared where there is no checksum of the file
    prepare: str = ""


@dataclass(frozen=True)
class FoundData:
    """The paths to read, their title, and their licence ('' if unknown)."""

    paths: tuple[Path, ...]
    title: str
    licence: str = ""
    non_commercial: bool = False


MAESTRO = DataSet(
    name="maestro",
    title="MAESTRO v2.0.0 (MIDI)",
    pieces="1,282 performances of piano music, 967 to train on, 137 to validate, 178 to test",
    styles="the composer's family name, from the published table: chopin, bach, debussy ...",
    licence="CC BY-NC-SA 4.0",
    non_commercial=True,
    home="https://magenta.tensorflow.org/datasets/maestro",
    address="https://storage.googleapis.com/magentadata/datasets/maestro/v2.0.0/maestro-v2.0.0-midi.zip",
    file="maestro-v2.0.0-midi.zip",
    size=59_243_107,
    sha256="ec2cc9d94886c6b376db1eaa2b8ad1ce62ff9f0a28b3744782b13163295dadf3",
)
MAESTRO_V1 = DataSet(
    name="maestro-v1",
    title="MAESTRO v1.0.0 (MIDI)",
    pieces="1,184 performances of piano music, in a folder for each year: 2004, 2006, 2008 ...",
    styles=MAESTRO.styles,
    licence=MAESTRO.licence,
    non_commercial=True,
    home=MAESTRO.home,
    address="https://storage.googleapis.com/magentadata/datasets/maestro/v1.0.0/maestro-v1.0.0-midi.zip",
    file="maestro-v1.0.0-midi.zip",
    size=46_579_421,
    sha256="f620f9e1eceaab8beea10617599add2e9c83234199b550382a2f603098ae7135",
)
MAESTRO_V3 = DataSet(
    name="maestro-v3",
    title="MAESTRO v3.0.0 (MIDI)",
    pieces="1,276 performances of piano music",
    styles=MAESTRO.styles,
    licence=MAESTRO.licence,
    non_commercial=True,
    home=MAESTRO.home,
    address="https://storage.googleapis.com/magentadata/datasets/maestro/v3.0.0/maestro-v3.0.0-midi.zip",
    file="maestro-v3.0.0-midi.zip",
    size=58_416_533,
    sha256="70470ee253295c8d2c71e6d9d4a815189e35c89624b76d22fce5a019d5dde12c",
)
POP909 = DataSet(
    name="pop909",
    title="POP909",
    pieces="909 pop songs as melody, second melody and piano; of each the main version",
    styles="pop",
    licence="MIT (the encodings)",
    non_commercial=False,
    home="https://github.com/music-x-lab/POP909-Dataset",
    address="https://github.com/music-x-lab/POP909-Dataset/archive/d83e6edba6872a704f5d3b8b32f5cb540088dae6.zip",
    file="POP909-Dataset-d83e6ed.zip",
    checked="the digest of the 909 songs in it: the archive is packed afresh for every download, so its own would vary",
    prepare="model.corpora.readers.pop909:prepare",
)
JSB = DataSet(
    name="jsb",
    title="JSB chorales on a grid of sixteenths, four voices",
    pieces="382 chorales: 229 to train on, 76 to validate, 77 to test",
    styles="bach-chorale",
    licence="none stated; the music is in the public domain",
    non_commercial=False,
    home="https://github.com/czhuang/JSB-Chorales-dataset",
    address="https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/"
    "9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d/Jsb16thSeparated.json",
    file="Jsb16thSeparated.json",
    size=1_666_444,
    sha256="79294cc374f9252e95ef4b703161524c1c53dc1f712c236f00f1c1f5d54af5a7",
    prepare="model.corpora.readers.jsb:prepare",
)
MUSIC21 = DataSet(
    name="music21",
    title="music21's corpus, the collections without restriction",
    pieces="over 4,000 works, most of them tunes; music21:STYLE or music21:FOLDER names one collection",
    styles="the kind of music: bach-chorale, string-quartet, madrigal, trecento, fiddle-tune, air, ragtime",
    licence="music out of copyright; encodings distributed with music21 by their encoders' permission",
    non_commercial=False,
    home="https://www.music21.org/music21docs/moduleReference/moduleCorpus.html",
    checked="nothing is fetched: the corpus is installed with the package music21",
    prepare="model.corpora.readers.music21_corpus:prepare",
)
GROOVE = DataSet(
    name="groove",
    title="Groove MIDI Dataset v1.0.0",
    pieces="1,150 performances of ten drummers, 13.6 hours; short fills are left out",
    styles="drums-rock, drums-funk, drums-jazz, drums-latin, drums-hiphop, drums-soul, drums-afrocuban, drums (others)",
    licence="CC BY 4.0",
    non_commercial=False,
    home="https://magenta.tensorflow.org/datasets/groove",
    address="https://storage.googleapis.com/magentadata/datasets/groove/groove-v1.0.0-midionly.zip",
    file="groove-v1.0.0-midionly.zip",
    sha256="651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
    prepare="model.corpora.readers.bands:prepare",
)
FREEDOOM = DataSet(
    name="freedoom",
    title="music of the Freedoom project",
    pieces="about 100 pieces for bands: rock, metal, ambient",
    styles="rock",
    licence="BSD 3-clause",
    non_commercial=False,
    home="https://freedoom.github.io",
    checked="nothing: name a copy with --from",
    prepare="model.corpora.readers.bands:prepare_freedoom",
)
FREE_MUSIC = DataSet(
    name="freemusic",
    title="Tanner Helland's free game and film music",
    pieces="some 40 pieces with drums, bass, guitars and strings",
    styles="soundtrack",
    licence="CC BY 4.0",
    non_commercial=False,
    home="https://tannerhelland.com",
    checked="nothing: name a copy with --from",
    prepare="model.corpora.readers.bands:prepare_free_music",
)
QUARTETS = DataSet(
    name="openscore-quartets",
    title="OpenScore String Quartets",
    pieces="over 100 quartets, each movement a piece",
    styles="string-quartet",
    licence="CC0",
    non_commercial=False,
    home="https://github.com/OpenScore/StringQuartets",
    checked="nothing: name a copy with --from",
    prepare="model.corpora.readers.openscore:prepare_quartets",
)
SONGS = DataSet(
    name="openscore-lieder",
    title="OpenScore Lieder Corpus",
    pieces="some 1,400 songs for voice and piano",
    styles="art-song",
    licence="CC0",
    non_commercial=False,
    home="https://github.com/OpenScore/Lieder",
    checked="nothing: name a copy with --from",
    prepare="model.corpora.readers.openscore:prepare_songs",
)
DATA_SETS = {
    one.name: one
    for one in (MAESTRO, MAESTRO_V1, MAESTRO_V3, POP909, JSB, MUSIC21, GROOVE, FREEDOOM, FREE_MUSIC, QUARTETS, SONGS)
}
OTHER_NAMES = {"maestro-v2": "maestro"}
NAMED_ALONE = "train needs one of: a folder of MIDI files, a zip or tar archive of them, or a name out of `data list`"


def find_data(
    data: str, local: Path | str | Sequence[Path | str] | None = None, cache: Path | None = None
) -> FoundData:
    """The data that `data` names: a path, or names of corpora with commas, which are fetched and converted on demand.

    Args:
        data: a folder or archive, 'maestro', 'music21:bach-chorale', 'pop909,music21' ...
        local: copies of the named corpora, or of parts of them, to use instead of downloading; 'NAME=PATH' if several
            are named.
        cache: folder for downloads (default: see `cache_folder`).

    Raises:
        DataError: there is no such path or name, or the data cannot be fetched.
    """
    if Path(data).exists() and local is None:
        return FoundData((Path(data),), Path(data).resolve().name)
    names = [name for name in data.split(",") if name]
    if not names:
        raise DataError(f"No data is named: {NAMED_ALONE}.")
    copies = _copies(local, names)
    found = [_named(name, copies.get(name), cache_folder(cache)) for name in names]
    return FoundData(
        tuple(path for one in found for path in one.paths),
        ", ".join(one.title for one in found),
        "; ".join(dict.fromkeys(one.licence for one in found)),
        any(one.non_commercial for one in found),
    )


def _copies(local: Path | str | Sequence[Path | str] | None, names: Sequence[str]) -> dict[str, Path]:
    """The copies of corpora by name.

    Raises:
        DataError: a copy does not exist, or does not say which corpus it is of.
    """
    given = [] if local is None else [local] if isinstance(local, (Path, str)) else local
    copies: dict[str, Path] = {}
    for one in given:
        name, separator, path = str(one).partition("=")
        if not separator or name not in names:
            if len(names) != 1:
                raise DataError(f"--from is the copy of one data set: say of which, as in --from {names[0]}=PATH.")
            name, path = names[0], str(one)
        if not Path(path).exists():
            raise DataError(f"{path} does not exist: --from names a copy of the data set '{name}'.")
        copies[name] = Path(path)
    return copies


def data_set(name: str) -> DataSet:
    """The entry for `name` or another name of it, which may end in ':PART'.

    Raises:
        DataError: there is no such corpus.
    """
    known_as = name.partition(":")[0]
    if (entry := DATA_SETS.get(OTHER_NAMES.get(known_as, known_as))) is None:
        known = ", ".join(DATA_SETS)
        raise DataError(f"There is no file, folder or data set '{name}'. Known data sets: {known}.")
    return entry


def _named(name: str, local: Path | None, cache: Path) -> FoundData:
    entry, part = data_set(name), name.partition(":")[2]
    if part and entry is not MUSIC21:
        raise DataError(f"'{entry.name}' has no parts: name it without ':{part}'.")
    archive = local
    if archive is None and entry.file:
        archive = fetch(entry.address, cache / "fetched" / entry.file, entry.sha256 or None)
    if not entry.prepare:
        return FoundData((archive,) if archive else (), entry.title, entry.licence, entry.non_commercial)
    folders, licence, non_commercial = _preparation(entry)(archive, part, cache / "prepared", local is None)
    return FoundData(folders, entry.title + (f", {part}" if part else ""), licence, non_commercial)


def _preparation(entry: DataSet) -> Preparation:
    module, _, function = entry.prepare.partition(":")
    found: Preparation = getattr(importlib.import_module(module), function)
    return found
