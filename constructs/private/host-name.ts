import { InvalidSettingError } from "../errors.ts";

/**
 * Checks a name that containers are called by, on the engine and on their network.
 *
 * @param owner what the name is for, in the message
 * @param most characters at the most: a host name has 63
 * @throws InvalidSettingError when it cannot be one
 */
export function checkHostName(name: string, owner: string, most = 63): string {
  if (name.length > most || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    throw new InvalidSettingError(
      `${owner} "${name}" cannot be a host name; use lower-case letters, digits and dashes, ${most} at the most`,
    );
  }
  return name;
}

/**
 * Names of a service's containers, in the order of their ids.
 *
 * @param given those that somebody chose
 * @throws InvalidSettingError when they are not as many as the containers, or cannot be host names
 */
export function hostNames(
  name: string,
  count: number,
  given: readonly string[] | undefined,
  owner: string,
): string[] {
  // A dash and the number follow.
  checkHostName(name, `${owner} name`, 60);
  if (given === undefined) return Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
  if (given.length !== count) {
    throw new InvalidSettingError(
      `${owner} ${name} has ${count} ${count === 1 ? "container" : "containers"}, and hosts names ${given.length} (${given.join(", ")}); name each one`,
    );
  }
  return given.map((host) => checkHostName(host, `${owner} ${name}: host`));
}
