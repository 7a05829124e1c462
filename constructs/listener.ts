import type { BrokerNode } from "./broker.ts";
import { checkPort, Endpoint } from "./endpoint.ts";
import { InvalidSettingError } from "./errors.ts";
import {
  externalAddress,
  isUnspecified,
  type ExternalAddressProps,
} from "./private/external-address.ts";

/** From where a listener's clients connect. */
export type Vantage = "network" | "host" | "external";

/** What every listener has. */
export interface ListenerProps {
  /**
   * Name, after who connects from where: upper-case letters, digits and underscores.
   *
   * @default - the vantage: `NETWORK`, `HOST` or `EXTERNAL`
   */
  readonly name?: string;
  /**
   * TCP port that clients connect to; for `host` and `external` it is that of broker 1, and the broker
   * with id n has `port + n - 1`, unless it says otherwise itself.
   *
   * @default - 19092 (network), 9092 (host), 9192 (external)
   */
  readonly port?: number;
}

/** A listener for clients that reach the Docker host by an address of its own; `address` is what is advertised. */
export interface ExternalListenerProps extends ListenerProps, ExternalAddressProps {}

/** The listeners that a cluster has for itself; their names cannot be used. */
export const CLUSTER_LISTENERS = {
  /** Brokers among themselves. */
  broker: { name: "BROKER", port: 19091 },
  /** Controllers among themselves, and brokers to them. */
  controller: { name: "CONTROLLER", port: 19093 },
} as const;

/**
 * Who connects from where. A listener says nothing of addresses inside the cluster: the cluster derives
 * what is bound and what is advertised.
 */
export class Listener {
  /**
   * Containers on the cluster's Docker network; they are sent to the broker's container name.
   *
   * @throws InvalidSettingError for a name or port that cannot be used
   */
  static network(props: ListenerProps = {}): Listener {
    return new Listener("network", props.name ?? "NETWORK", props.port ?? 19092);
  }

  /**
   * Programs on the Docker host itself; they are sent to `localhost`, and only 127.0.0.1 is bound.
   *
   * @throws InvalidSettingError for a name or port that cannot be used
   */
  static host(props: ListenerProps = {}): Listener {
    return new Listener("host", props.name ?? "HOST", props.port ?? 9092, "localhost", "127.0.0.1");
  }

  /**
   * Clients elsewhere; they are sent to `address`.
   *
   * @throws InvalidSettingError for an address that no other machine can use, or one that cannot be bound
   */
  static external(props: ExternalListenerProps): Listener {
    const name = props.name ?? "EXTERNAL";
    const { address, bindAddress } = externalAddress(
      `external listener "${name}"`,
      "Listener.host()",
      props,
    );
    return new Listener("external", name, props.port ?? 9192, address, bindAddress);
  }

  readonly vantage: Vantage;
  readonly name: string;
  /** Port that brokers listen on, and that clients of broker 1 dial. */
  readonly port: number;
  /** IP address of the Docker host that the engine binds; undefined when nothing is published. */
  readonly bindAddress: string | undefined;
  /** Host that clients are sent to; undefined for the broker's own. */
  private readonly address: string | undefined;

  private constructor(
    vantage: Vantage,
    name: string,
    port: number,
    address?: string,
    bindAddress?: string,
  ) {
    if (!/^[A-Z][A-Z0-9_]*$/.test(name)) {
      throw new InvalidSettingError(
        `listener name "${name}" is malformed; use upper-case letters, digits and underscores, such as LAN`,
      );
    }
    if (Object.values(CLUSTER_LISTENERS).some((own) => own.name === name)) {
      throw new InvalidSettingError(
        `listener name "${name}" is reserved for the cluster itself; name the listener after its clients, such as LAN`,
      );
    }
    // cp-kafka looks for SSL:// and SASL_ in what is advertised, and demands key stores and JAAS files then.
    if (name.endsWith("SSL") || name.includes("SASL_")) {
      throw new InvalidSettingError(
        `listener name "${name}" holds a protocol's, which Confluent's images read more into; name the listener after its clients, such as LAN`,
      );
    }
    this.vantage = vantage;
    this.name = name;
    this.port = checkPort(port, `listener "${name}"`);
    this.address = address;
    this.bindAddress = bindAddress;
  }

  /**
   * What a broker advertises on this listener.
   *
   * @throws InvalidSettingError when the broker has an address of its own that cannot be, or no port is left for it
   */
  advertised(broker: BrokerNode): Endpoint {
    return this.published(broker)?.endpoint ?? Endpoint.of(broker.host, this.port);
  }

  /**
   * What the engine binds for a broker, and what clients dial there.
   *
   * @returns undefined when nothing is published
   * @throws InvalidSettingError as `advertised`
   */
  published(
    broker: BrokerNode,
  ): { readonly endpoint: Endpoint; readonly bindAddress: string } | undefined {
    const own = broker.published?.[this.name];
    const { address, bindAddress } = this;
    const owner = `broker ${broker.id}: ${this.vantage} listener "${this.name}"`;
    if (address === undefined || bindAddress === undefined) {
      if (own === undefined) return undefined;
      throw new InvalidSettingError(
        `${owner} is published nowhere; leave its address out, or use Listener.host() or Listener.external()`,
      );
    }
    const port = own?.port ?? this.port + broker.id - 1;
    if (port > 65535 && own?.port === undefined) {
      throw new InvalidSettingError(
        `${owner} would have port ${this.port} + ${broker.id} - 1, which is none; give it a port of its own (published: { ${this.name}: { port } })`,
      );
    }
    checkPort(port, owner);
    if (own?.address === undefined && own?.bindAddress === undefined) {
      return { endpoint: Endpoint.of(address, port), bindAddress };
    }
    if (this.vantage === "host") {
      throw new InvalidSettingError(
        `${owner} is for programs on the Docker host, at ${address}; give a port only, or use Listener.external()`,
      );
    }
    // An address of its own is not behind the one that the listener binds, unless that stands for all.
    const inherits = own.address === undefined || isUnspecified(bindAddress);
    const its = externalAddress(owner, "Listener.host()", {
      address: own.address ?? address,
      ...(inherits ? { bindAddress } : {}),
      ...(own.bindAddress === undefined ? {} : { bindAddress: own.bindAddress }),
    });
    return { endpoint: Endpoint.of(its.address, port), bindAddress: its.bindAddress };
  }
}
