import { checkPort, Endpoint } from "./endpoint.ts";
import type { Vantage } from "./listener.ts";
import { externalAddress, type ExternalAddressProps } from "./private/external-address.ts";

/** What {@link PublishedPort.external} takes. */
export interface ExternalPortProps extends ExternalAddressProps {
  /** TCP port of the Docker host. */
  readonly port: number;
}

/** A port of the Docker host that leads to a service, and who dials it there. */
export class PublishedPort {
  /**
   * Programs on the Docker host itself; only 127.0.0.1 is bound.
   *
   * @throws InvalidSettingError for a port that cannot be
   */
  static host(port: number): PublishedPort {
    return new PublishedPort("host", port, "localhost", "127.0.0.1");
  }

  /**
   * Clients elsewhere, who dial `address`.
   *
   * @throws InvalidSettingError for an address that no other machine can use, or one that cannot be bound
   */
  static external(props: ExternalPortProps): PublishedPort {
    const { address, bindAddress } = externalAddress(
      `external port ${props.port}`,
      "PublishedPort.host()",
      props,
    );
    return new PublishedPort("external", props.port, address, bindAddress);
  }

  /** Who dials it. */
  readonly vantage: Exclude<Vantage, "network">;
  /** Where they dial it. */
  readonly endpoint: Endpoint;
  /** IP address of the Docker host that the engine binds. */
  readonly bindAddress: string;

  private constructor(
    vantage: Exclude<Vantage, "network">,
    port: number,
    address: string,
    bindAddress: string,
  ) {
    this.vantage = vantage;
    this.endpoint = Endpoint.of(address, checkPort(port, `${vantage} port`));
    this.bindAddress = bindAddress;
  }

  /** Such as `external port 8082 at 192.168.56.101`. */
  toString(): string {
    return `${this.vantage} port ${this.endpoint.port} at ${this.endpoint.host}`;
  }
}
