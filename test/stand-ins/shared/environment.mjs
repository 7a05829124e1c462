/** The container must end: its environment, or what it found, does not do. */
export class StartError extends Error {}

/** What is for the image, the JVM or the log, and makes no difference in a stand-in. */
const WITHOUT_EFFECT = [
  ...[/^HEAP_OPTS$/, /^OPTS$/, /^JVM_PERFORMANCE_OPTS$/, /^GC_LOG_OPTS$/, /^JMX_/, /^LOG4J_/],
  /^DEBUG$/,
];

/** The part of a container's environment that is one service's. */
export class Environment {
  /** @type {Set<string>} */
  #read = new Set();

  /**
   * @param {Readonly<Record<string, string | undefined>>} env
   * @param {string} prefix such as `SCHEMA_REGISTRY_`
   */
  constructor(env, prefix) {
    this.env = env;
    this.prefix = prefix;
  }

  /** @param {string} name without the prefix */
  find(name) {
    this.#read.add(name);
    const value = this.env[`${this.prefix}${name}`];
    return value === "" ? undefined : value;
  }

  /**
   * @param {string} name
   * @param {string} [check] the image's own, which fails
   * @throws {StartError}
   */
  demand(name, check = `ensure ${this.prefix}${name}`) {
    const value = this.find(name);
    if (value !== undefined) return value;
    throw new StartError(
      `${this.prefix}${name} is required.\nCommand [/usr/local/bin/dub ${check}] FAILED !`,
    );
  }

  /**
   * @param {string} name
   * @param {number} otherwise
   * @throws {StartError} where it is not a number above 0
   */
  count(name, otherwise) {
    const value = this.find(name) ?? String(otherwise);
    if (/^[1-9]\d*$/.test(value)) return Number(value);
    throw new StartError(`${this.prefix}${name} is "${value}", which is not a number above 0`);
  }

  /**
   * To be called last: what was not read would do something to the real service.
   *
   * @param {string} service
   * @throws {StartError}
   */
  refuseOthers(service) {
    const others = Object.keys(this.env)
      .filter((name) => name.startsWith(this.prefix))
      .map((name) => name.slice(this.prefix.length))
      .filter((name) => !this.#read.has(name) && !WITHOUT_EFFECT.some((known) => known.test(name)));
    if (others.length > 0) {
      const names = others.map((name) => `${this.prefix}${name}`).join(", ");
      throw new StartError(
        `this stand-in does not know what ${names} would do to the real ${service}`,
      );
    }
  }
}

/**
 * @param {string} text such as `broker:9092,PLAINTEXT://other:9092`
 * @returns {readonly string[]} `host:port`
 * @throws {StartError}
 */
export function brokersIn(text) {
  return text.split(",").map((part) => {
    const match = /^(?:([A-Z_]+):\/\/)?([^:/]+:\d+)$/.exec(part.trim());
    if (match?.[2] !== undefined && (match[1] ?? "PLAINTEXT") === "PLAINTEXT") return match[2];
    throw new StartError(`"${part}" is not a PLAINTEXT broker that this stand-in could reach`);
  });
}

/**
 * @param {string} text such as `http://0.0.0.0:8081`
 * @returns {readonly { readonly host: string, readonly port: number }[]}
 * @throws {StartError}
 */
export function listenersIn(text) {
  return text.split(",").map((part) => {
    const match = /^http:\/\/([^:/]*):(\d+)$/.exec(part.trim());
    if (match === null) throw new StartError(`"${part}" is not a listener; write http://host:port`);
    return { host: match[1] || "0.0.0.0", port: Number(match[2]) };
  });
}

/**
 * Runs a service as process 1 of its container, and ends it with the codes of a JVM.
 *
 * @param {string} service
 * @param {() => Promise<void>} start
 */
export async function run(service, start) {
  // As process 1 it would get neither.
  process.once("SIGTERM", () => process.exit(143));
  process.once("SIGINT", () => process.exit(130));
  console.log(`a stand-in for Confluent's ${service} 7.0.1, for tests only`);
  try {
    await start();
  } catch (error) {
    end(error);
  }
}

/**
 * @param {unknown} error
 * @returns {never}
 */
export function end(error) {
  console.error(error instanceof StartError ? `ERROR ${error.message}` : error);
  process.exit(1);
}
