"""Products shared between threads: a piece that is alone has more than one processor core read its weights.

A thread leads and others help. For some products the leader posts a notice on the board; whoever is free, the leader
included, claims one panel of columns after another, so that nobody waits for a helper who never woke up. A panel is the
same bits whoever makes it. Notice, claims and count are single words that pass between threads by atomic operations; a
claim names the notice it belongs to, so that one that comes late claims nothing.
"""

# ruff: noqa: ANN001, ANN201, ANN202 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections import deque
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.engine.atomics import add, load, pause, store
from model.engine.compiling import inlined, machine_code
from model.engine.kernels import PANEL
from model.engine.matmul import multiply_panel

# words of a board; those that several threads write lie on cache lines of their own
CLAIMS = 0  # number of the notice, how many panels there are, how many are claimed: see `_NUMBER` and `_PANELS`
DONE = 16  # panels of the notice that are made
OVER = 32  # not 0: helpers may go
EACH = 48  # panels of each product of the notice
HELPED = 64  # not 0: a notice finds readers
POSTED = 65  # not 0: there is a notice that the leader has not seen through
SIZE = 80
_NUMBER, _PANELS, _COUNT = 32, 16, 0xFFFF
WEIGHTS_AT, STRIDE, TERMS, ENTERING_AT, LEAVING_AT = range(5)  # columns of `Joint.products`
PATIENCE = 20_000  # looks at a count before a helper is held to be asleep: about a third of a millisecond
LATEST = 5  # chunks of steps that are remembered, of those with help and of those without
TRIED_ANEW = 32  # chunks after which the other way is tried


class Joint(NamedTuple):
    """What a leader and helpers share.

    Attributes:
        board: int64 (SIZE,), see the names of its words.
        products: int64 (products, 5), those of a notice: where the first panel begins among the weights, how far it is
            to the next, how many terms to add, where the vectors lie among those that enter and leave.
        entering: uint8, the vectors that go in, rounded.
        scales: float32 (products,), what their numbers are worth.
        leaving: float32, sums so far, to which the terms are added.
    """

    board: NDArray[np.int64]
    products: NDArray[np.int64]
    entering: NDArray[np.uint8]
    scales: NDArray[np.float32]
    leaving: NDArray[np.float32]


class Worth:
    """Whether help pays, as it did of late: on a busy machine helpers take from the leader what they give it."""

    def __init__(self) -> None:
        self._latest = {True: deque[float](maxlen=LATEST), False: deque[float](maxlen=LATEST)}
        self._asked = 0

    def is_help_wanted(self) -> bool:
        """The faster way of late; now and then the other, and at first each of them."""
        self._asked += 1
        helped, alone = self._latest[True], self._latest[False]
        if not helped or not alone:
            return bool(alone)
        is_faster = median(helped) < median(alone)
        return is_faster != (self._asked % TRIED_ANEW == 0)

    def took(self, is_helped: bool, seconds: float) -> None:
        """How long some steps took with help or without."""
        self._latest[is_helped].append(seconds)


def new_board(is_helped: bool) -> NDArray[np.int64]:
    """A board for some steps. Helpers that are late find it over, and touch nothing."""
    board = np.zeros(SIZE, dtype=np.int64)
    board[HELPED] = is_helped
    return board


@inlined
def _make_panels(joint, weights):
    """Claim and make panels for as long as there are any."""
    board, products = joint.board, joint.products
    while True:
        claims = load(board, CLAIMS)
        if (claims & _COUNT) >= ((claims >> _PANELS) & _COUNT):
            return
        claims = add(board, CLAIMS, 1)
        claimed = claims & _COUNT
        if claimed >= ((claims >> _PANELS) & _COUNT):
            return
        number, panel = claimed // board[EACH], claimed % board[EACH]
        product = products[number]
        multiply_panel(
            joint.entering, product[ENTERING_AT], joint.scales, number,
            weights, product[WEIGHTS_AT] + panel * product[STRIDE], product[TERMS],
            joint.leaving, product[LEAVING_AT] + panel * PANEL,
        )  # fmt: skip
        add(board, DONE, 1)


@machine_code
def assist(joint, weights):
    """Make panels of one notice after another until the board is over; for a thread of its own."""
    while load(joint.board, OVER) == 0:
        _make_panels(joint, weights)
        pause()


@inlined
def post(joint, products, panels):
    """A notice: the first `products` of `joint.products`, of so many panels each. The one before is seen through."""
    board = joint.board
    board[EACH], board[POSTED] = panels, 1
    store(board, DONE, 0)
    number = (load(board, CLAIMS) >> _NUMBER) + 1
    store(board, CLAIMS, (number << _NUMBER) | ((products * panels) << _PANELS))


@inlined
def see_through(joint, weights):
    """Make what panels of the latest notice are left, and wait for those that helpers have claimed."""
    board = joint.board
    _make_panels(joint, weights)
    panels, looks = (load(board, CLAIMS) >> _PANELS) & _COUNT, 0
    while load(board, DONE) < panels:
        pause()
        looks += 1
        if looks == PATIENCE:  # whoever has a panel was put to sleep by the system: no more notices
            board[HELPED] = 0
    board[POSTED] = 0
