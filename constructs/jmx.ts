import { checkPort } from "./endpoint.ts";

/** What {@link Jmx.host} takes. */
export interface JmxProps {
  /**
   * TCP port of the first broker; broker n has `port + n - 1`.
   *
   * @default 9101
   */
  readonly port?: number;
}

/** Java's management interface of the brokers, and who may reach it. It asks nobody for a password. */
export class Jmx {
  /**
   * Programs on the Docker host; only 127.0.0.1 is bound.
   *
   * @throws InvalidSettingError for a port that cannot be
   */
  static host(props: JmxProps = {}): Jmx {
    return new Jmx(checkPort(props.port ?? 9101, "JMX"), "localhost", "127.0.0.1");
  }

  /** Port of the first broker. */
  readonly port: number;
  /** Host that JMX sends its clients on to: it advertises an address, as Kafka does. */
  readonly address: string;
  /** IP address of the Docker host that the engine binds. */
  readonly bindAddress: string;

  private constructor(port: number, address: string, bindAddress: string) {
    this.port = port;
    this.address = address;
    this.bindAddress = bindAddress;
  }
}
