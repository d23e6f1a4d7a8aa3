"""Which device is computed on; the list of devices is played, so that machines without a GPU can try it."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from model.devices import Device, choose


class Devices:
    """What TensorFlow sees on a machine with `gpus` GPUs, and what was made of it."""

    def __init__(self, gpus: int) -> None:
        self.gpus = [f"GPU {number}" for number in range(gpus)]
        self.visible = list(self.gpus)
        self.growing: list[str] = []
        self.experimental = SimpleNamespace(set_memory_growth=self._grow)

    def list_physical_devices(self, device_type: str) -> list[str]:
        assert device_type == "GPU"
        return self.gpus

    def set_visible_devices(self, devices: list[str], device_type: str) -> None:
        assert device_type == "GPU"
        self.visible = list(devices)

    def _grow(self, device: str, enable: bool) -> None:
        assert enable
        self.growing.append(device)


@pytest.mark.parametrize(
    ("wish", "gpus", "name"),
    [("auto", 0, "cpu"), ("auto", 2, "gpu:0"), ("cpu", 2, "cpu"), ("gpu", 1, "gpu:0"), ("gpu:1", 2, "gpu:1")],
)
def test_a_wish_that_can_be_met_is_met_on_that_device_alone(wish, gpus, name):
    devices = Devices(gpus)
    device = choose(wish, devices)
    assert device == Device(name)
    assert device.place == ("cpu" if name == "cpu" else "gpu:0")  # TensorFlow counts those that are visible
    expected = [] if name == "cpu" else [f"GPU {name[-1]}"]
    assert devices.visible == devices.growing == expected


@pytest.mark.parametrize(
    ("wish", "gpus", "found", "what_to_do"),
    [
        ("gpu", 0, "finds no GPU", "nvidia-smi"),
        ("gpu:1", 1, "finds 1 GPU", "CADENZA_GPU"),  # in a container, say, which was given the second GPU of its host
        ("gpu:7", 2, "finds 2 GPUs", "CADENZA_GPU"),
    ],
)
def test_a_gpu_that_is_not_there_means_the_cpu_and_a_sentence_that_says_what_to_do(
    wish, gpus, found, what_to_do, caplog
):
    devices = Devices(gpus)
    device = choose(wish, devices)
    assert device.name == "cpu"
    assert devices.visible == []
    for words in (f"The device {wish} was asked for", found, what_to_do):
        assert words in device.warning
    assert device.warning in caplog.text


@pytest.mark.parametrize("wish", ["tpu", "gpu:", "gpu:x", "GPU", ""])
def test_what_is_no_device_is_refused(wish):
    with pytest.raises(ValueError, match="is no device"):
        choose(wish, Devices(1))


def test_tensorflow_takes_the_choice_before_it_has_begun_to_compute():
    code = (
        "from model.devices import choose; import sys; assert 'tensorflow' not in sys.modules;"
        "print(choose('cpu').name); import tensorflow; print(tensorflow.config.get_visible_devices('GPU'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.split() == ["cpu", "[]"], done.stderr
