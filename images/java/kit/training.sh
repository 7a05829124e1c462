# shellcheck shell=bash disable=SC2034
# Shared by the scripts `train`, see archive_classes. What fails ends the training, and with it the build.

# shellcheck source-path=SCRIPTDIR source=lib.sh
source /opt/kafka-platform-kit/lib.sh

archives=${1:?give the folder for the archives}
# The server that was started last: its process, and the file that it logs to.
server='' server_log=/dev/null

trap 'printf "the training failed: %s\n" "$BASH_COMMAND" >&2; tail -n 30 "$server_log" >&2' ERR
set -E

# archiving [CLASSPATH]: the options with which a JVM does without an archive of the image's, and makes that of CLASSPATH when it ends.
archiving() {
  local java
  java=$(readlink -f "$(command -v java)")
  printf '%s' "-XX:SharedArchiveFile=${java%/bin/java}/lib/server/classes.jsa${1:+ -XX:ArchiveClassesAtExit=$archives/$1.jsa}"
}

# start COMMAND [ARGUMENT …]: a server.
start() {
  server_log=$(mktemp)
  "$@" > "$server_log" 2>&1 &
  server=$!
}

# await COMMAND [ARGUMENT …]: until it succeeds, which the server has a minute for.
await() {
  local deadline=$((SECONDS + 60))
  until "$@" 2> /dev/null; do
    if ((SECONDS > deadline)) || ! kill -0 "$server" 2> /dev/null; then
      tail -n 30 "$server_log" >&2
      fail "waiting for \"$*\" in vain"
    fi
    sleep 0.1
  done
}

# stop PROCESS: a server, in order, as its container would be stopped.
stop() {
  local code=0
  kill "$1"
  wait "$1" || code=$?
  ((code == 143)) || fail "a server ended with exit code $code, 143 is what SIGTERM makes of it"
}

# listens PORT
listens() {
  (: <> "/dev/tcp/localhost/$1") 2> /dev/null
}

# request PORT METHOD PATH [JSON]: whether an HTTP server answers it with a status 2xx.
request() {
  local answer body=${4-}
  { exec 3<> "/dev/tcp/localhost/$1"; } 2> /dev/null || return
  printf '%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
    "$2" "$3" "${#body}" "$body" >&3
  read -r -t 10 answer <&3 || true
  exec 3>&-
  [[ $answer == HTTP/1.?' 2'* ]]
}
