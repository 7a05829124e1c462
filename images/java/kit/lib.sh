# shellcheck shell=bash disable=SC2034
# Shared by the scripts of all images.

home=/opt/kafka-platform-kit

# What the image's install found out about it.
if [[ -f $home/image.sh ]]; then
  # shellcheck source=/dev/null
  source "$home/image.sh"
fi

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

# split ARRAY TEXT: the words of a variable such as KAFKA_OPTS.
split() {
  read -r -d '' -a "$1" <<< "$2" || true
}

check_writable() {
  local dir=$1
  mkdir -p "$dir" 2> /dev/null || fail "$dir cannot be created by uid $(id -u)"
  [[ -w $dir ]] || fail "$dir is not writable for uid $(id -u), it belongs to uid $(stat -c %u "$dir")"
}

# property_value TEXT: a value as a .properties file wants it. A backslash at the end of a line joins
# it with the next one, which is how long values are written for Confluent's images; all others are kept.
property_value() {
  local value=${1//$'\\\n'/}
  value=${value//\\/\\\\}
  value=${value//$'\n'/\\n}
  value=${value//$'\r'/\\r}
  [[ $value == [[:space:]]* ]] && value="\\$value"
  printf '%s' "$value"
}

# loggers NAME [LOGGER=LEVEL …]: what the variable says (logger=LEVEL,…) over the defaults given, as lines of logger and level.
loggers() {
  local variable=$1 pair pairs
  declare -A levels
  IFS=, read -r -a pairs <<< "${!variable-}"
  for pair in "${pairs[@]// /}"; do
    [[ $pair == ?*=?* ]] || fail "$variable has \"$pair\"; write logger=LEVEL"
  done
  for pair in "${@:2}" "${pairs[@]// /}"; do
    levels[${pair%%=*}]=${pair#*=}
  done
  for pair in "${!levels[@]}"; do
    printf '%s %s\n' "$pair" "${levels[$pair]}"
  done | sort
}

# log4j_loggers: the lines of loggers as reload4j reads them.
log4j_loggers() {
  awk '{ printf "log4j.logger.%s=%s\n", $1, $2 }'
}

# JMX as Confluent's images have it: one port for registry and objects, so that it can be published.
jmx_options() {
  local host
  if ! is_set KAFKA_JMX_PORT && ! is_set KAFKA_JMX_OPTS; then
    return
  fi
  if is_set KAFKA_JMX_OPTS; then
    printf '%s ' "$KAFKA_JMX_OPTS"
  else
    host=${KAFKA_JMX_HOSTNAME:-$(hostname -i | cut -d' ' -f1)}
    printf '%s ' -Dcom.sun.management.jmxremote=true \
      -Dcom.sun.management.jmxremote.authenticate=false \
      -Dcom.sun.management.jmxremote.ssl=false \
      -Dcom.sun.management.jmxremote.local.only=false \
      "-Dcom.sun.management.jmxremote.rmi.port=$KAFKA_JMX_PORT" \
      "-Djava.rmi.server.hostname=$host"
  fi
  if is_set KAFKA_JMX_PORT; then
    printf '%s ' "-Dcom.sun.management.jmxremote.port=$KAFKA_JMX_PORT"
  fi
}

# Settings of the collector and the heap's regions that Kafka's own scripts give its servers.
server_performance='-XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true'

# archive_options CLASSPATH: has a JVM map the classes of its start, parsed and verified, from the archive that archive_classes made, over
# the JDK's own. One that cannot use it, with a heap above 32 GB for one, does without and says nothing. Given first, so that a user's own win.
archive_options() {
  printf '%s' "-XX:SharedArchiveFile=$home/$1.jsa -Xlog:cds+dynamic=off"
}

# run_server DEFAULT-HEAP LOGGING-OPTIONS CLASSPATH CLASS [ARGUMENT …]: becomes the JVM of a server, with the options that the
# environment gives. CLASSPATH is a name, as for archive_options.
run_server() {
  local -a archive heap performance gc_log jmx logging options
  split archive "$(archive_options "$3")"
  split heap "${KAFKA_HEAP_OPTS:-$1}"
  split performance "${KAFKA_JVM_PERFORMANCE_OPTS:-$server_performance}"
  split gc_log "${KAFKA_GC_LOG_OPTS-}"
  split jmx "$(jmx_options)"
  split logging "${KAFKA_LOG4J_OPTS:-$2}"
  split options "${KAFKA_OPTS-}"
  exec java "${archive[@]}" "${heap[@]}" "${performance[@]}" "${gc_log[@]}" "${jmx[@]}" "${logging[@]}" \
    "${options[@]}" "@$home/$3.classpath" "${@:4}"
}

# run_tool LOGGING-OPTION CLASS [ARGUMENT …]: becomes the JVM of a command, a small one.
#
# Commands are mostly run beside a server with `docker exec` and inherit its environment. Of that they
# leave alone what is the server's own: heap, JMX port, logging, and agents, which may own a port too.
run_tool() {
  local logging=$1 default_heap=-Xmx256M option
  local -a archive heap inherited options jvm=(-XX:+UseSerialGC)
  shift
  case $1 in
    *Performance) default_heap=-Xmx512M ;;
    *) jvm+=(-XX:TieredStopAtLevel=1) ;;
  esac
  split archive "$(archive_options server)"
  split heap "${KAFKA_TOOLS_HEAP_OPTS:-$default_heap}"
  split inherited "${KAFKA_OPTS-}"
  for option in "${inherited[@]}"; do
    case $option in
      -javaagent:* | -agentlib:* | -agentpath:* | -Dcom.sun.management.jmxremote*) ;;
      *) options+=("$option") ;;
    esac
  done
  exec java "${archive[@]}" "${heap[@]}" "${jvm[@]}" "${options[@]}" \
    "-Dtools.log.level=${KAFKA_TOOLS_LOG4J_LOGLEVEL:-WARN}" "$logging" "@$home/server.classpath" "$@"
}

# settle_image JARS: while an image is built, writes the class path `server` down and makes everything readable
# for the image's user, whatever the umask was where the build context was made.
settle_image() {
  local jars=$1
  # A fixed order instead of a wildcard: which copy of a class wins must not hang on the file system.
  (IFS=: && all=("$jars"/*.jar) && printf -- '-cp %s\n' "${all[*]}") > "$home/server.classpath"
  find "$home" "$jars" ! -perm -o=r -exec chmod a+rX {} +
}

# archive_classes: while an image is built, makes the archives that archive_options names.
#
# The image's user runs the script `train` with a folder: it starts there what the image is for and ends it again, and each of those
# JVMs leaves the archive of its class path. Servers listen at their usual ports: the build is to have a network of its own, by
# `docker build --network=none`, with nothing in it but localhost.
archive_classes() {
  local archives path name
  archives=$(mktemp -d)
  chown appuser:appuser "$archives"
  # Servers ask for the address of their own host name, which has none on this network.
  getent hosts "$(hostname)" > /dev/null || printf '127.0.0.1 %s\n' "$(hostname)" >> /etc/hosts
  setpriv --reuid=appuser --regid=appuser --init-groups bash "$home/train" "$archives" ||
    fail 'the training for the archives of classes has failed; is the image built with --network=none?'
  for path in "$home"/*.classpath; do
    name=$(basename "$path" .classpath)
    install --mode=644 "$archives/$name.jsa" "$home/"
    java -Xshare:on "-XX:SharedArchiveFile=$home/$name.jsa" "@$path" -version 2> /dev/null ||
      fail "the archive $name.jsa cannot be used with the class path that it was made for"
  done
  # Logs, and what JVMs and servers keep there.
  find /tmp -mindepth 1 -delete
  rm "$home"/{train,training.sh}
}
