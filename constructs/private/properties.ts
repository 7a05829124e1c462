/** Settings under the service's own names, whatever the image. */
export type Properties = Readonly<Record<string, string>>;

/**
 * Renders properties as the environment of an image. Confluent's images, apache/kafka and the local ones
 * translate back alike: `_` is a dot, `__` an underscore, `___` a dash.
 *
 * @param prefix what the image's variables begin with, such as `KAFKA`
 */
export function toEnvironment(prefix: string, properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([property, value]) => [
      `${prefix}_${property.replaceAll("_", "__").replaceAll("-", "___").replaceAll(".", "_").toUpperCase()}`,
      value,
    ]),
  );
}

/** Renders properties as the text of a `.properties` file, in ASCII: Java takes any other byte for Latin-1. */
export function toPropertiesFile(properties: Properties): string {
  const escaped = (value: string): string =>
    value
      .replaceAll("\\", "\\\\")
      .replaceAll("\n", "\\n")
      .replaceAll("\r", "\\r")
      .replaceAll(/[^\0-\x7f]/g, escapedUnit)
      .replace(/^(?=\s)/, "\\");
  return Object.entries(properties)
    .map(([property, value]) => `${property}=${escaped(value)}\n`)
    .join("");
}

function escapedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * What is wrong with settings that somebody gives.
 *
 * @param own properties that the construct derives
 * @param owner whose they are, such as `Kafka`
 * @param instead the constructs' settings that say the same
 */
export function settingConflicts(
  settings: Properties,
  own: RegExp,
  owner: string,
  instead: string,
): string[] {
  return Object.keys(settings).flatMap((property) => {
    if (!/^[a-z0-9]+([._-][a-z0-9]+)*$/.test(property)) {
      return [
        `the setting "${property}" is no name of ${owner}'s; write it as its documentation does, in lower case with dots between the words`,
      ];
    }
    return own.test(property)
      ? [`the setting ${property} is derived; say it by ${instead} instead`]
      : [];
  });
}
