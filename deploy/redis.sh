#!/bin/sh
# `sh redis.sh start` runs the queue's Redis; `sh redis.sh ping` is its health check. The password comes from the file
# REDIS_PASSWORD_FILE or from REDIS_PASSWORD and reaches the server on standard input: no command line shows it.
set -eu

password=${REDIS_PASSWORD:-}
if [ -s "${REDIS_PASSWORD_FILE:-/dev/null}" ]; then
  password=$(cat "$REDIS_PASSWORD_FILE")
fi
if [ -z "$password" ]; then
  echo 'Redis needs a password: set REDIS_PASSWORD or REDIS_PASSWORD_FILE in .env.' >&2
  exit 1
fi
unset REDIS_PASSWORD

case ${1:-start} in
ping)
  REDISCLI_AUTH=$password "${REDIS_CLI:-redis-cli}" -p "${REDIS_PORT:-6379}" ping | grep -q PONG
  ;;
start)
  quoted=$(printf '%s' "$password" | sed 's/[\\"]/\\&/g')
  exec "${REDIS_SERVER:-redis-server}" - <<END
port ${REDIS_PORT:-6379}
dir ${REDIS_DATA:-/data}
requirepass "$quoted"
appendonly yes
appendfsync everysec
save ""
maxmemory ${REDIS_MEMORY:-256mb}
# a queue must refuse rather than forget
maxmemory-policy noeviction
END
  ;;
esac
