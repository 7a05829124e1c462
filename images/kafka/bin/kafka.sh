# shellcheck shell=bash disable=SC2034
# Shared by the scripts beside it.

# What install found out about this image.
kafka_version='' log_backend=''
# shellcheck source=../../java/kit/lib.sh
source /opt/kafka-platform-kit/lib.sh

properties_file=/etc/kafka/kafka.properties

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

# logging_option FILE: what makes the JVM log as FILE, less its ending, says.
logging_option() {
  case $log_backend in
    log4j) printf '%s' "-Dlog4j.configuration=file:$1-log4j.properties" ;;
    log4j2) printf '%s' "-Dlog4j2.configurationFile=$1-log4j2.properties" ;;
  esac
}
