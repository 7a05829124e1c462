# shellcheck shell=bash disable=SC2034
# Shared by the scripts beside it.

# shellcheck source=../../java/kit/lib.sh
source /opt/kafka-platform-kit/lib.sh

properties_file=/etc/kafka/zookeeper.properties
data=/var/lib/zookeeper/data
log=/var/lib/zookeeper/log
