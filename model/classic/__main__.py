"""`python -m model.classic FOLDER`: the classic training that a folder asks for; see `model.classic.tuning`."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from model.training.finetuning.process import main

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m model.classic FOLDER")
    logging.basicConfig(level=logging.INFO)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # batches are large: its kernels save a fifth of the time
    sys.exit(main(Path(sys.argv[1]), "model.classic.tuning:tune_classic"))
