import { checkPort } from "./endpoint.ts";
import type { Vantage } from "./listener.ts";
import { externalAddress, type ExternalAddressProps } from "./private/external-address.ts";

/** What every {@link Jmx} takes. */
export interface JmxProps {
  /**
   * TCP port of broker 1; the broker with id n has `port + n - 1`.
   *
   * @default 9101
   */
  readonly port?: number;
}

/** What {@link Jmx.external} takes. */
export interface ExternalJmxProps extends JmxProps, ExternalAddressProps {}

/** Java's management interface of the brokers, and who may reach it. It asks nobody for a password. */
export class Jmx {
  /**
   * Containers on the cluster's Docker network, such as a Prometheus exporter; nothing is published.
   *
   * @throws InvalidSettingError for a port that cannot be
   */
  static network(props: JmxProps = {}): Jmx {
    return new Jmx("network", props.port);
  }

  /**
   * Programs on the Docker host; only 127.0.0.1 is bound.
   *
   * @throws InvalidSettingError for a port that cannot be
   */
  static host(props: JmxProps = {}): Jmx {
    return new Jmx("host", props.port, "localhost", "127.0.0.1");
  }

  /**
   * Clients elsewhere, who dial `address`. Whoever reaches that can end the broker: it asks for no password.
   *
   * @throws InvalidSettingError for an address that no other machine can use, or one that cannot be bound
   */
  static external(props: ExternalJmxProps): Jmx {
    const { address, bindAddress } = externalAddress("external JMX", "Jmx.host()", props);
    return new Jmx("external", props.port, address, bindAddress);
  }

  readonly vantage: Vantage;
  /** Port of broker 1. */
  readonly port: number;
  /** IP address of the Docker host that the engine binds; undefined when nothing is published. */
  readonly bindAddress: string | undefined;
  private readonly address: string | undefined;

  private constructor(vantage: Vantage, port = 9101, address?: string, bindAddress?: string) {
    this.vantage = vantage;
    this.port = checkPort(port, "JMX");
    this.address = address;
    this.bindAddress = bindAddress;
  }

  /**
   * Port of a broker, inside its container and outside.
   *
   * @throws InvalidSettingError when none is left for it
   */
  portOf({ id }: { readonly id: number }): number {
    return checkPort(this.port + id - 1, `JMX of broker ${id}`);
  }

  /** Host that JMX sends a broker's clients on to: it advertises an address, as Kafka does. */
  advertised(broker: { readonly host: string }): string {
    return this.address ?? broker.host;
  }
}
