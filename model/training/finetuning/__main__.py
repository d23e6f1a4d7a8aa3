"""`python -m model.training.finetuning FOLDER`: the run that a folder asks for; see the module `process`."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from model.training.finetuning.process import main

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m model.training.finetuning FOLDER")
    logging.basicConfig(level=logging.INFO)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # batches are large: its kernels save a fifth of the time
    sys.exit(main(Path(sys.argv[1])))
