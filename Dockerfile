# One file, five images: `base` is below them all; `bot`, `worker-cpu`, `worker-gpu` and `shell` are what runs.
# docker-compose.yml names the one each service needs. Nothing here holds a secret, and nothing runs as root.

FROM python:3.11-slim-trixie AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
RUN groupadd --gid 10001 cadenza \
    && useradd --uid 10001 --gid cadenza --create-home cadenza \
    && install --directory --owner cadenza --group cadenza /app /app/var /app/bundles /app/library /app/runs
WORKDIR /app
COPY deploy/healthcheck.py deploy/healthcheck.py


# --- the bot: Discord and the queue; no TensorFlow, about 200 MB --------------------------------------------------
FROM base AS bot
COPY requirements/bot.txt requirements/bot.txt
RUN pip install -r requirements/bot.txt
COPY jobs jobs
COPY bot bot
USER cadenza
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
COPY requirements/worker.txt requirements/no-deps.txt requirements/
RUN pip install -r requirements/worker.txt && pip install --no-deps -r requirements/no-deps.txt
COPY jobs jobs
COPY model model
COPY worker worker
USER cadenza
HEALTHCHECK --interval=15s --timeout=10s --start-period=90s --retries=3 CMD ["python", "-m", "deploy.healthcheck", "worker"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "worker"]


# --- a worker on an NVIDIA GPU: the CUDA libraries come as wheels, the driver from the host ------------------------
FROM audible AS worker-gpu
COPY requirements/worker-gpu.txt requirements/no-deps.txt requirements/
RUN pip install -r requirements/worker-gpu.txt && pip install --no-deps -r requirements/no-deps.txt
COPY jobs jobs
COPY model model
COPY worker worker
USER cadenza
HEALTHCHECK --interval=15s --timeout=10s --start-period=90s --retries=3 CMD ["python", "-m", "deploy.healthcheck", "worker"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "worker"]


# --- training from the shell: PyTorch for its LSTM kernel, on a GPU where there is one; no Redis, no Discord --------------------
FROM base AS shell
COPY requirements/train.txt requirements/train.txt
RUN pip install -r requirements/train.txt
COPY model model
USER cadenza
ENTRYPOINT ["python", "-m", "model"]
CMD ["train", "--help"]
