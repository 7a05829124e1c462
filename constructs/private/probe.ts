/** Seconds until a probe gives up, within the engine's own limit of 5. */
const SECONDS = 4;

/** How the engine finds out that a container serves. Every image has bash, few have more. */
export class Probe {
  /**
   * A broker answers the first question of every client, for the versions it speaks. A connection tells less:
   * Kafka before 3.4 opens its ports long before it is registered, and answers only once it is.
   */
  static kafka(host: string, port: number): Probe {
    // ApiVersions, version 0. The answer begins with its length, whose first byte is zero.
    const question = String.raw`\0\0\0\12\0\22\0\0\0\0\0\0\377\377`;
    return new Probe(
      `exec 3<>/dev/tcp/${host}/${port} && printf '${question}' >&3 && read -r -t ${SECONDS} -d '' <&3`,
    );
  }

  /** A ZooKeeper server serves its clients: `srvr` tells its mode only then. */
  static zooKeeper(host: string, port: number): Probe {
    return new Probe(
      `exec 3<>/dev/tcp/${host}/${port} && printf srvr >&3 && timeout ${SECONDS} grep -q ^Mode: <&3`,
    );
  }

  /**
   * An HTTP service answers a path with status 200.
   *
   * @param begins what the answer's body must begin with, where the status alone says too little
   */
  static http(host: string, port: number, path: string, begins?: string): Probe {
    const line = `read -r -t ${SECONDS} answer <&3`;
    const status = `${line} && echo "$answer" && [[ $answer == HTTP/1.?' 200 '* ]]`;
    // Header by header to the blank line, then all there is until the end, which is no failure, or until the time is up.
    const body = `{ while ${line} && [[ $answer != $'\\r' ]]; do :; done; read -r -t ${SECONDS} -d '' answer <&3; echo "$answer"; [[ $answer == ${quoted(begins ?? "")}* ]]; }`;
    return new Probe(
      [
        `exec 3<>/dev/tcp/${host}/${port}`,
        `printf 'GET ${path} HTTP/1.0\\r\\nHost: ${host}\\r\\n\\r\\n' >&3`,
        status,
        ...(begins === undefined ? [] : [body]),
      ].join(" && "),
    );
  }

  /** As the engine takes it. */
  readonly command: readonly string[];

  private constructor(script: string) {
    this.command = ["CMD", "bash", "-c", script];
  }
}

/** Text as one word of a shell's. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
