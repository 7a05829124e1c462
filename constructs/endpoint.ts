import { isIP, isIPv6 } from "node:net";
import { InvalidSettingError } from "./errors.ts";

const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

/** Whether `text` is an IPv4 or IPv6 address or a well-formed host name. */
export function isHost(text: string): boolean {
  // Dotted numbers that are no IPv4 address (10.0.0.300) are a typing error, not a name.
  // An IPv6 zone (fe80::1%eth0) means something on one machine only.
  return (
    (isIP(text) !== 0 && !text.includes("%")) || (HOST_NAME.test(text) && !/^[\d.]+$/.test(text))
  );
}

/**
 * Checks a TCP port.
 *
 * @param owner names the setting in the message
 * @throws InvalidSettingError outside 1 to 65535
 */
export function checkPort(port: number, owner: string): number {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new InvalidSettingError(
      `${owner}: port ${port} is out of range; give one from 1 to 65535`,
    );
  }
  return port;
}

/** A host and a TCP port that clients connect to. */
export class Endpoint {
  /** @throws InvalidSettingError when the host is malformed or the port out of range */
  static of(host: string, port: number): Endpoint {
    if (!isHost(host)) {
      throw new InvalidSettingError(
        `"${host}" is not a host; give a name such as kafka.example.org or an IP address`,
      );
    }
    return new Endpoint(host, checkPort(port, `endpoint ${host}`));
  }

  /**
   * Reads `host:port`, an IPv6 address in brackets.
   *
   * @throws InvalidSettingError when it is none
   */
  static parse(text: string): Endpoint {
    const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
    if (match === null) {
      throw new InvalidSettingError(`"${text}" is not an address; write host:port`);
    }
    return Endpoint.of(match[1] ?? match[2] ?? "", Number(match[3]));
  }

  readonly host: string;
  readonly port: number;

  private constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  /** `host:port`, an IPv6 address in brackets, as Kafka and its clients write it. */
  toString(): string {
    return `${isIPv6(this.host) ? `[${this.host}]` : this.host}:${this.port}`;
  }
}
