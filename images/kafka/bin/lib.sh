# shellcheck shell=bash disable=SC2034
# Shared by the scripts beside it.

home=/opt/kafka-platform-kit
properties_file=/etc/kafka/kafka.properties

# What install found out about this image.
kafka_version='' log_backend=''
# shellcheck source=/dev/null
source "$home/image.sh"

fail() {
  printf 'error: %s\n' "$1" >&2
  exit 1
}

# is_set NAME: an empty variable counts as not set, as it does in compose files.
is_set() {
  [[ -n ${!1-} ]]
}

demand() {
  is_set "$1" || fail "$1 is not set; $2"
}

is_kraft() {
  is_set KAFKA_PROCESS_ROLES
}

is_controller_only() {
  [[ ${KAFKA_PROCESS_ROLES-} == controller ]]
}

# log_dirs: the folders that hold data, one a line.
log_dirs() {
  tr ',' '\n' <<< "${KAFKA_LOG_DIRS:-/var/lib/kafka/data}${KAFKA_METADATA_LOG_DIR:+,$KAFKA_METADATA_LOG_DIR}" |
    sed 's/^ *//; s/ *$//; /^$/d' | sort -u
}

# split ARRAY TEXT: the words of a variable such as KAFKA_OPTS.
split() {
  read -r -d '' -a "$1" <<< "$2" || true
}

# logging_option FILE: what makes the JVM log as FILE, less its ending, says.
logging_option() {
  case $log_backend in
    log4j) printf '%s' "-Dlog4j.configuration=file:$1-log4j.properties" ;;
    log4j2) printf '%s' "-Dlog4j2.configurationFile=$1-log4j2.properties" ;;
  esac
}
