"""Runs readers over inputs made by chance: each outcome is a success or a sentence of our errors, soon and in bounds.

`make fuzz` runs it as a script: `--inputs 20000 --seed 7`; `--only midi:123` runs one input of that seed again. Inputs
that fail are kept in `var/fuzz`.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from model.bundles.inspection import inspect
from model.bundles.zip_format import read_zip
from model.corpora.readers.musicxml import read_musicxml
from model.errors import ModelError
from model.midi import MidiLimits, read_midi, write_midi
from model.uploads.info import DataSetLimits
from model.uploads.ingest import UploadBatch
from tests.fuzz import inputs

SLOW_S = 1.0  # of CPU time
LARGE_BYTES = 100 << 20  # that memory may grow by while one input is read
HUNG_S = 60  # of real time; then an input counts as one that never ends
LONGEST_SENTENCE = 500


class NeverEnds(BaseException):
    """Raised by the alarm in a reader that does not end."""


def _midi(data: bytes) -> str:
    read = read_midi(data, MidiLimits())
    assert read_midi(write_midi(read.piece), MidiLimits.for_data()).piece.notes.size == read.piece.notes.size
    return "read"


def _midi_data(data: bytes) -> str:
    write_midi(read_midi(data, MidiLimits.for_data()).piece)
    return "read"


def _musicxml(data: bytes) -> str:
    for piece in read_musicxml(data):
        if len(piece):
            write_midi(piece)
    return "read"


def _archive(data: bytes) -> str:
    files = list(UploadBatch([("a.zip", data)], DataSetLimits()))
    for file in files:
        assert file.data or file.refused or not file.code
        assert len(file.refused) < LONGEST_SENTENCE
    return "refused" if files and all(file.refused for file in files) else "read"


def _bundle(data: bytes) -> str:
    inspect(read_zip(data), "theirs")
    return "read"


@dataclass(frozen=True)
class Target:
    """A reader and what makes its inputs."""

    make: Callable[[random.Random], bytes]
    read: Callable[[bytes], str]


TARGETS = {
    "midi": Target(inputs.midi, _midi),
    "midi-data": Target(inputs.midi, _midi_data),
    "musicxml": Target(inputs.musicxml, _musicxml),
    "archive": Target(inputs.zip_archive, _archive),
    "bundle": Target(inputs.bundle_zip, _bundle),
}


@dataclass
class Outcome:
    """What came of all inputs of one target. `faults`: input -> what went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[int, str] = (0, "")


def make_input(seed: int, target: str, number: int) -> bytes:
    """The input of that number."""
    return TARGETS[target].make(random.Random(f"{seed}:{target}:{number}"))


def run(seed: int, target: str, numbers: range, keep: Path | None = None) -> Outcome:
    """Read every input; inputs with a fault are written to the folder `keep`."""
    outcome = Outcome()
    for number in numbers:
        name = f"{target}:{number}"
        data = make_input(seed, target, number)
        with _peak_memory() as peak:
            started = time.process_time()
            counted, fault = _read(TARGETS[target].read, data)
            seconds = time.process_time() - started
        outcome.counts[counted] += 1
        outcome.slowest = max(outcome.slowest, (seconds, name))
        outcome.largest = max(outcome.largest, (peak[0], name))
        if not fault and seconds > SLOW_S:
            fault = f"it took {seconds:.1f} s"
        if not fault and peak[0] > LARGE_BYTES:
            fault = f"it took {peak[0] >> 20} MiB"
        if fault:
            outcome.faults[name] = fault
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{target}-{number}").write_bytes(data)
    return outcome


def _read(read: Callable[[bytes], str], data: bytes) -> tuple[str, str]:
    """What it counts as, and the fault if it is one."""

    def end(*_: object) -> None:
        raise NeverEnds

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(HUNG_S)
    try:
        return read(data), ""
    except ModelError as error:
        is_fit = 0 < len(error.sentence) < LONGEST_SENTENCE and error.sentence.isprintable()
        code = getattr(error, "code", type(error).__name__)
        return str(code), "" if is_fit else f"its sentence cannot be shown: {error.sentence[:80]!r}"
    except NeverEnds:
        return "never ends", f"it did not end within {HUNG_S} s"
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return "crash", f"{type(error).__name__}: {error}\n{''.join(traceback.format_tb(error.__traceback__)[-2:])}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """In the list afterwards: by how many bytes this process's memory grew at most (Linux; else 0)."""
    found = [0]
    reset = Path("/proc/self/clear_refs")
    try:
        reset.write_text("5")  # the peak is now what is in use
        before = _status("VmRSS")
    except OSError:
        yield found
        return
    yield found
    found[0] = max(0, _status("VmHWM") - before)


def _status(name: str) -> int:
    text = Path("/proc/self/status").read_text()
    return int(text.partition(f"{name}:")[2].split(maxsplit=1)[0]) << 10


def main() -> int:
    """Run as `make fuzz`; the exit status: 1 with a fault."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="of all targets together")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run; a new one by default")
    parser.add_argument("--only", default="", help="a target such as midi, or one input such as midi:123")
    chosen = parser.parse_args()
    seed = random.randrange(10**6) if chosen.seed is None else chosen.seed
    target, _, number = chosen.only.partition(":")
    targets = [target] if target else list(TARGETS)
    share = -(-chosen.inputs // len(targets))
    numbers = range(int(number), int(number) + 1) if number else range(share)
    print(f"seed {seed}")  # noqa: T201 - a script
    is_well = True
    for name in targets:
        started = time.monotonic()
        found = run(seed, name, numbers, Path("var/fuzz"))
        is_well = is_well and not found.faults
        (slowest_s, slowest), (largest, at) = found.slowest, found.largest
        took_s = time.monotonic() - started
        print(  # noqa: T201
            f"{name}: {found.counts.total()} inputs in {took_s:.0f} s, {len(found.faults)} faults; "
            f"slowest {slowest_s:.3f} s ({slowest}), most memory {largest / (1 << 20):.1f} MiB ({at}); "
            + ", ".join(f"{count} {what}" for what, count in found.counts.most_common(8))
        )
        for where, fault in list(found.faults.items())[:20]:
            print(f"  {where}: {fault}")  # noqa: T201
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
