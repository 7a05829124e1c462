/** Settings under Kafka's own names, whatever the image. */
export type Properties = Readonly<Record<string, string>>;

/**
 * Renders properties as the environment of a Kafka image. cp-kafka, apache/kafka and the local images
 * translate back alike: `_` is a dot, `__` an underscore, `___` a dash.
 */
export function toKafkaEnvironment(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([property, value]) => [
      `KAFKA_${property.replaceAll("_", "__").replaceAll("-", "___").replaceAll(".", "_").toUpperCase()}`,
      value,
    ]),
  );
}
