# One file, five images: `base` is below them all; `bot`, `worker-cpu`, `worker-gpu` and `shell` are what runs.
# docker-compose.yml names the one each service needs. Nothing here holds a secret, and nothing runs as root.
# `make digests` adds the digest that the tag means today; pip checks the hash of every package.

ARG PYTHON_IMAGE=python:3.11-slim-trixie
FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PIP_ONLY_BINARY=:all: \
    HOME=/app/cache \
    CADENZA_CACHE=/app/cache/cadenza \
    CADENZA_MACHINE_CODE=/app/cache/machine-code \
    CADENZA_FILES=/app/files
RUN groupadd --gid 10001 cadenza \
    && useradd --uid 10001 --gid cadenza --home-dir /app/cache --no-create-home cadenza \
    && install --directory --owner cadenza --group cadenza /app /app/var /app/bundles /app/library /app/runs /app/cache \
    && install --directory --owner cadenza --group cadenza --mode 0700 /app/files
WORKDIR /app
COPY deploy/healthcheck.py deploy/healthcheck.py


# --- the bot, and the web page: Discord and the queue; no TensorFlow, about 200 MB --------------------------------------------------
FROM base AS bot
ARG WITH_S3=
COPY requirements/bot.txt requirements/s3.txt requirements/
RUN pip install --require-hashes -r requirements/bot.txt \
    && if [ -n "$WITH_S3" ]; then pip install --require-hashes --no-deps -r requirements/s3.txt; fi
COPY jobs jobs
COPY bot bot
COPY web web
USER cadenza
ENV CADENZA_HEALTH_PORT=8421
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-m", "deploy.healthcheck", "bot"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "bot"]


# --- what both workers need to be heard: FluidSynth and a SoundFont that sounds full -------------------------------
FROM base AS audible
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libfluidsynth3 fluid-soundfont-gm \
    && rm -rf /var/lib/apt/lists/*
ENV CADENZA_SOUNDFONT=/usr/share/sounds/sf2/FluidR3_GM.sf2


# --- a worker on CPUs ----------------------------------------------------------------------------------------------
FROM audible AS worker-cpu
ARG WITH_S3=
COPY requirements/worker.txt requirements/s3.txt requirements/
RUN pip install --require-hashes -r requirements/worker.txt \
    && if [ -n "$WITH_S3" ]; then pip install --require-hashes --no-deps -r requirements/s3.txt; fi
COPY jobs jobs
COPY model model
COPY worker worker
USER cadenza
HEALTHCHECK --interval=15s --timeout=10s --start-period=90s --retries=3 CMD ["python", "-m", "deploy.healthcheck", "worker"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "worker"]


# --- a worker on an NVIDIA GPU: the CUDA libraries come as wheels, the driver from the host ------------------------
FROM audible AS worker-gpu
ARG WITH_S3=
COPY requirements/worker-gpu.txt requirements/s3.txt requirements/
RUN pip install --require-hashes -r requirements/worker-gpu.txt \
    && if [ -n "$WITH_S3" ]; then pip install --require-hashes --no-deps -r requirements/s3.txt; fi
COPY jobs jobs
COPY model model
COPY worker worker
USER cadenza
HEALTHCHECK --interval=15s --timeout=10s --start-period=90s --retries=3 CMD ["python", "-m", "deploy.healthcheck", "worker"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "worker"]


# --- training from the shell: PyTorch for its LSTM kernel, on a GPU where there is one; no Redis, no Discord --------------------
FROM base AS shell
COPY requirements/train.txt requirements/torch.txt requirements/
RUN pip install --require-hashes -r requirements/train.txt && pip install -r requirements/torch.txt
COPY model model
USER cadenza
ENTRYPOINT ["python", "-m", "model"]
CMD ["train", "--help"]
