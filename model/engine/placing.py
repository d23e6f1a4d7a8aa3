"""Where results lie in a row's memory: places are used again once nobody needs what is in them."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from model.engine.program import WIDTH, Code, Place

Addresses = NDArray[np.int64]


class Placing:
    """Which places of a row's memory results share: each is free again after the last instruction that reads it."""

    def __init__(
        self,
        blocks: list[tuple[int, int]],
        fixed: int,
        code: list[list[int]],
        reads: list[list[tuple[int, int]]],
        results: dict[str, Place],
    ) -> None:
        """Place `blocks` behind the `fixed` elements of the inputs; `results` are needed to the end."""
        self._starts = [at for at, _ in blocks]
        self._sizes = [size for _, size in blocks]
        self._fixed = fixed
        self._code = code
        self._last_use = [-1] * len(blocks)
        for number, instruction in enumerate(code):
            for at, _ in [(instruction[1], 1), *reads[number]]:
                if at >= fixed:
                    self._last_use[self._block(at)] = number
        for place in results.values():
            self._last_use[self._block(place.at)] = len(code)
        self.size = fixed
        self._placed = self._place()

    def _block(self, address: int) -> int:
        return bisect_right(self._starts, address) - 1

    def _place(self) -> list[int]:
        placed = [-1] * len(self._starts)
        free: list[tuple[int, int]] = []  # where and how large
        ending: dict[int, list[int]] = {}
        for number, instruction in enumerate(self._code):
            if instruction[1] >= self._fixed:
                block = self._block(instruction[1])
                if placed[block] < 0:
                    placed[block] = self._take(free, self._sizes[block])
                    ending.setdefault(self._last_use[block], []).append(block)
            for done in ending.pop(number, []):
                free = _merged([*free, (placed[done], self._sizes[done])])
        return placed

    def _take(self, free: list[tuple[int, int]], size: int) -> int:
        fitting = [(room, at) for at, room in free if room >= size]
        if not fitting:
            at = self.size
            self.size += size
            return at
        room, at = min(fitting)
        free.remove((at, room))
        if room > size:
            free.append((at + size, room - size))
        return at

    def at(self, address: int) -> int:
        """Where an address of the growing program came to lie."""
        if address < self._fixed:  # an input, or a constant
            return address
        block = self._block(address)
        return self._placed[block] + address - self._starts[block]

    def addresses(self, table: Addresses) -> Addresses:
        """The table of addresses, likewise."""
        return np.array([self.at(int(address)) for address in table], dtype=np.int64)

    def code(self) -> NDArray[np.int64]:
        """The instructions with final addresses."""
        rows = []
        for instruction in self._code:
            row = list(instruction)
            for place in _address_fields(Code(instruction[0])):
                row[place] = self.at(row[place])
            rows.append(row)
        return np.array(rows, dtype=np.int64).reshape(-1, WIDTH)


def _address_fields(code: Code) -> tuple[int, ...]:
    """Which integers of an instruction are addresses."""
    if code == Code.COLLECT:
        return (1,)
    if code == Code.SELECT:
        return (1, 2, 3, 4)
    if code == Code.GATHER_PLAN:
        return (1, 3)
    if (
        code in (Code.GATHER, Code.BATCH_MATMUL, Code.SEGMENT_SUM, Code.SEGMENT_LARGEST, Code.NEAREST)
        or code >= Code.ADD
    ):
        return (1, 2, 3)
    return (1, 2)


def _merged(free: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Free places in order, neighbours as one."""
    merged: list[tuple[int, int]] = []
    for at, size in sorted(free):
        if merged and sum(merged[-1]) == at:
            merged[-1] = (merged[-1][0], merged[-1][1] + size)
        else:
            merged.append((at, size))
    return merged
