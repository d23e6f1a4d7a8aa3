#!/bin/sh
# Pins the images that Dockerfile and docker-compose.yml begin with to what their tags mean today: `tag@sha256:…`.
# Needs docker with buildx and a way to the image registry. Run by `make digests`; commit what it changes.
set -eu
cd "$(dirname "$0")/.."

pin() { # file, image as it stands there (with a digest or without)
  tag=${2%@*}
  digest=$(docker buildx imagetools inspect "$tag" --format '{{.Manifest.Digest}}')
  case $digest in
  sha256:????????????????????????????????????????????????????????????????) ;;
  *)
    echo "There is no digest for $tag: $digest" >&2
    exit 1
    ;;
  esac
  sed "s|$2|$tag@$digest|" "$1" >"$1.new"
  cat "$1.new" >"$1"
  rm "$1.new"
  echo "$1: $tag@$digest"
}

pin Dockerfile "$(sed -n 's/^ARG PYTHON_IMAGE=//p' Dockerfile)"
pin docker-compose.yml "$(sed -n 's/^    image: \(redis:.*\)$/\1/p' docker-compose.yml)"
