"""A PNG that a decoder which did not make it reads back, pixel by pixel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from model.pictures.canvas import png


def pixels_of(data: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.mode) == ("PNG", "RGB")
    return np.asarray(image)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 300), (300, 1), (257, 129)])
def test_every_pixel_comes_back(width, height):
    drawn = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    assert np.array_equal(pixels_of(png(Image.fromarray(drawn))), drawn)


def test_what_is_flat_takes_hardly_any_bytes():
    assert len(png(Image.new("RGB", (2000, 840), (49, 51, 56)))) < 20_000


def test_a_file_whose_checksums_are_wrong_would_be_noticed():
    data = bytearray(png(Image.new("RGB", (20, 20))))
    data[len(data) // 2] ^= 1
    with pytest.raises((OSError, SyntaxError)):
        pixels_of(bytes(data))
