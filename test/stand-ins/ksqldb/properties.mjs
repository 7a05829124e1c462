/**
 * What `SHOW PROPERTIES` names when nothing is set, in the order of the real server.
 *
 * @type {readonly (readonly [name: string, value: string | null])[]}
 */
const PROPERTIES = [
  ["ksql.extension.dir", "ext"],
  ["ksql.streams.cache.max.bytes.buffering", "10000000"],
  ["ksql.security.extension.class", null],
  ["metric.reporters", ""],
  ["ksql.transient.prefix", "transient_"],
  ["ksql.query.status.running.threshold.seconds", "300"],
  [
    "ksql.streams.default.deserialization.exception.handler",
    "io.confluent.ksql.errors.LogMetricAndContinueExceptionHandler",
  ],
  ["ksql.output.topic.name.prefix", ""],
  ["ksql.query.pull.enable.standby.reads", "false"],
  ["ksql.persistence.default.format.key", "KAFKA"],
  ["ksql.query.persistent.max.bytes.buffering.total", "-1"],
  ["ksql.queryanonymizer.logs_enabled", "true"],
  ["ksql.query.error.max.queue.size", "10"],
  ["ksql.variable.substitution.enable", "true"],
  ["ksql.internal.topic.min.insync.replicas", "1"],
  ["ksql.streams.shutdown.timeout.ms", "300000"],
  ["ksql.internal.topic.replicas", "1"],
  ["ksql.insert.into.values.enabled", "true"],
  ["ksql.query.pull.max.allowed.offset.lag", "9223372036854775807"],
  ["ksql.query.pull.max.qps", "2147483647"],
  ["ksql.access.validator.enable", "auto"],
  ["ksql.streams.bootstrap.servers", null],
  ["ksql.queryanonymizer.cluster_namespace", null],
  ["ksql.query.pull.metrics.enabled", "true"],
  ["ksql.create.or.replace.enabled", "true"],
  ["ksql.metrics.extension", null],
  [
    "ksql.hidden.topics",
    "_confluent.*,__confluent.*,_schemas,__consumer_offsets,__transaction_state,connect-configs,connect-offsets,connect-status,connect-statuses",
  ],
  ["ksql.cast.strings.preserve.nulls", "true"],
  ["ksql.authorization.cache.max.entries", "10000"],
  ["ksql.pull.queries.enable", "true"],
  ["ksql.lambdas.enabled", "true"],
  ["ksql.query.pull.max.hourly.bandwidth.megabytes", "2147483647"],
  ["ksql.suppress.enabled", "false"],
  ["ksql.query.push.scalable.enabled", "false"],
  ["ksql.query.push.scalable.interpreter.enabled", "true"],
  ["ksql.sink.window.change.log.additional.retention", "1000000"],
  [
    "ksql.readonly.topics",
    "_confluent.*,__confluent.*,_schemas,__consumer_offsets,__transaction_state,connect-configs,connect-offsets,connect-status,connect-statuses",
  ],
  ["ksql.query.persistent.active.limit", "2147483647"],
  ["ksql.persistence.wrap.single.values", null],
  ["ksql.authorization.cache.expiry.time.secs", "30"],
  ["ksql.query.retry.backoff.initial.ms", "15000"],
  ["ksql.query.transient.max.bytes.buffering.total", "-1"],
  ["ksql.schema.registry.url", ""],
  ["ksql.properties.overrides.denylist", ""],
  ["ksql.query.pull.max.concurrent.requests", "2147483647"],
  ["ksql.connect.url", "http://localhost:8083"],
  ["ksql.service.id", "default_"],
  [
    "ksql.streams.default.production.exception.handler",
    "io.confluent.ksql.errors.ProductionExceptionHandlerUtil$LogAndFailProductionExceptionHandler",
  ],
  ["ksql.query.pull.interpreter.enabled", "true"],
  ["ksql.streams.commit.interval.ms", "2000"],
  ["ksql.query.pull.table.scan.enabled", "false"],
  ["ksql.streams.topology.optimization", "all"],
  ["ksql.query.retry.backoff.max.ms", "900000"],
  ["ksql.streams.num.stream.threads", "4"],
  ["ksql.timestamp.throw.on.invalid", "false"],
  ["ksql.metrics.tags.custom", ""],
  ["ksql.persistence.default.format.value", null],
  ["ksql.udfs.enabled", "true"],
  ["ksql.udf.enable.security.manager", "true"],
  ["ksql.connect.worker.config", ""],
  ["ksql.streams.application.server", "http://localhost:8088"],
  ["ksql.nested.error.set.null", "true"],
  ["ksql.udf.collect.metrics", "false"],
  ["ksql.query.pull.thread.pool.size", "100"],
  ["ksql.persistent.prefix", "query_"],
  ["ksql.metastore.backup.location", ""],
  ["ksql.error.classifier.regex", ""],
  ["ksql.suppress.buffer.size.bytes", "-1"],
];

/** The server sets these itself, so that they never count as defaults. */
const SET_BY_THE_SERVER = [
  "ksql.streams.cache.max.bytes.buffering",
  "ksql.streams.default.deserialization.exception.handler",
  "ksql.streams.shutdown.timeout.ms",
  "ksql.streams.bootstrap.servers",
  "ksql.service.id",
  "ksql.schema.registry.url",
  "ksql.streams.default.production.exception.handler",
  "ksql.streams.commit.interval.ms",
  "ksql.streams.topology.optimization",
  "ksql.streams.num.stream.threads",
  "ksql.streams.application.server",
];

/**
 * All properties, and those among them that have their default.
 *
 * @param {ReadonlyMap<string, string>} given
 */
export function propertiesWith(given) {
  const known = new Set(PROPERTIES.map(([name]) => name));
  const added = [...given].filter(([name]) => !known.has(name));
  return {
    properties: [
      ...PROPERTIES.map(([name, value]) => ({
        ...{ name, scope: "KSQL", value: given.get(name) ?? value },
      })),
      ...added.map(([name, value]) => ({ name, scope: "KSQL", value })),
    ],
    defaults: PROPERTIES.map(([name]) => name).filter(
      (name) => !given.has(name) && !SET_BY_THE_SERVER.includes(name),
    ),
  };
}

/** @param {string} name */
export function isKnownProperty(name) {
  return PROPERTIES.some(([known]) => known === name);
}
