"""Chooses the device that networks compute on, the CPU or one GPU, before TensorFlow starts to compute.

TensorFlow loads only when `choose` is called. One process uses one device; GPU memory grows on demand, so that
processes can share a GPU.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

log = logging.getLogger(__name__)

NAME = re.compile(r"auto|cpu|gpu(?::(\d+))?")


@dataclass(frozen=True)
class Device:
    """A device, 'cpu' or 'gpu:NUMBER', and a sentence that says why if it is not the requested one."""

    name: str
    warning: str | None = None

    @property
    def place(self) -> str:
        """TensorFlow's name for it, 'cpu' or 'gpu:0': the only visible GPU is the first."""
        return "cpu" if self.name == "cpu" else "gpu:0"


class DeviceList(Protocol):
    """The part of `tensorflow.config` that is needed here."""

    def list_physical_devices(self, device_type: str) -> Sequence[Any]:
        """The devices of one type."""

    def set_visible_devices(self, devices: Sequence[Any], device_type: str) -> None:
        """Use only these devices of that type.

        Raises:
            RuntimeError: TensorFlow has already started to compute.
        """

    @property
    def experimental(self) -> Any:
        """Holds `set_memory_growth(device, enable)`, which raises RuntimeError likewise."""


def choose(name: str, devices: DeviceList | None = None) -> Device:
    """Let TensorFlow use the requested device, or the CPU with a warning if there is no such device.

    Args:
        name: 'auto' (the first GPU where there is one, else the CPU), 'cpu', 'gpu' (the first) or 'gpu:1'.
        devices: those to choose from; TensorFlow's where None.

    Raises:
        ValueError: the name is none of these.
        RuntimeError: TensorFlow has already started to compute.
    """
    match = NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"'{name}' is no device: write auto, cpu, gpu, or gpu:1 for the second GPU.")
    devices = _tensorflow() if devices is None else devices
    gpus = [] if name == "cpu" else list(devices.list_physical_devices("GPU"))
    number = int(match[1] or 0)
    if number < len(gpus):
        devices.set_visible_devices([gpus[number]], "GPU")
        devices.experimental.set_memory_growth(gpus[number], True)
        return Device(f"gpu:{number}")
    devices.set_visible_devices([], "GPU")  # one left visible would be used, and all of its memory taken
    return Device("cpu", None if name in ("auto", "cpu") else _missing(name, len(gpus)))


def _missing(name: str, found: int) -> str:
    there = "finds no GPU" if found == 0 else f"finds {found} GPU{'s' if found > 1 else ''}, numbered from 0"
    what_to_do = (
        "Check the driver (nvidia-smi), that the container was given the GPU, and that TensorFlow came with CUDA."
        if found == 0
        else "Set CADENZA_WORKER_DEVICE=gpu. A container counts only the GPUs it was given: with docker compose, "
        "choose the host's GPU with CADENZA_GPU."
    )
    sentence = (
        f"The device {name} was asked for, but TensorFlow {there}: this process computes on the CPU, more slowly. "
        f"{what_to_do}"
    )
    log.warning(sentence)
    return sentence


def _tensorflow() -> DeviceList:
    import tensorflow  # late: it takes seconds

    return tensorflow.config
