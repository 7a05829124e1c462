/** What a look at somebody's Kafka found: the one shape behind the text for people and `--json`. */

/** A listener's security protocol, in Kafka's own words. */
export type SecurityProtocol = "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";

/** What can be wrong with an address, one word a fault. */
export type Fault =
  /** Its name does not resolve. */
  | "unresolved"
  /** Nobody listens: the connection is refused. */
  | "refused"
  /** There is no way to it: the network or host cannot be reached. */
  | "unreachable"
  /** No answer to the attempt to connect: dropped, as firewalls do. */
  | "dropped"
  /** Takes the connection, and says nothing. */
  | "silent"
  /** Takes the connection, and closes it at the first request. */
  | "closed"
  /** Answers in HTTP. */
  | "http"
  /** A ZooKeeper server. */
  | "zookeeper"
  /** Answers in something that is not known here. */
  | "not-kafka"
  /** Kafka behind TLS, where the client speaks without. */
  | "tls-expected"
  /** Kafka without TLS, where the client speaks TLS. */
  | "plaintext-expected"
  /** TLS, but its certificate is not valid at this machine's time. */
  | "certificate-time"
  /** Kafka that wants the client to authenticate. */
  | "sasl-expected"
  /** A KRaft controller's port, which is not for clients. */
  | "controller"
  /** Another broker is behind the address than the one that it is advertised for. */
  | "other-broker"
  /** A broker of another cluster is behind the address. */
  | "other-cluster"
  /** Two brokers advertise it. */
  | "shared-address"
  /** Leads each client back to itself, and so to no broker. */
  | "localhost"
  /** Cannot be used from here, but from the Docker host. */
  | "host-only"
  /** Cannot be used from here, but from containers on a Docker network. */
  | "network-only"
  /** A broker that knows of no broker, or of no leader for what it is asked. */
  | "not-ready"
  /** No controller answers: nothing can be created or elected. */
  | "no-controller"
  /** The coordinator of consumer groups is not there. */
  | "no-coordinator"
  /** The coordinator of consumer groups still reads its state. */
  | "coordinator-loading"
  /** Can be used, but slower than a client's default time-out. */
  | "slow";

/** One thing that is wrong, in one sentence with the way out. */
export interface Finding {
  readonly fault: Fault;
  /** A `warning` leaves the address usable from here. */
  readonly severity: "error" | "warning";
  /** `host:port` */
  readonly address: string;
  /** The broker that the address is advertised for; null for a bootstrap address. */
  readonly brokerId: number | null;
  readonly message: string;
}

/** One address, and how it was found. */
export interface AddressReport {
  /** `host:port` */
  readonly address: string;
  /** Whether it was given to begin with. */
  readonly bootstrap: boolean;
  /** Brokers that advertise it; none for an address that was only given. */
  readonly advertisedBy: readonly number[];
  /** Whether clients can use it from there. */
  readonly usable: boolean;
  /** What listens there speaks; null where that could not be seen. */
  readonly securityProtocol: SecurityProtocol | null;
  /** SASL mechanisms that it takes; empty without SASL. */
  readonly saslMechanisms: readonly string[];
  /** Milliseconds from the attempt to connect to the first answer; null without one. */
  readonly milliseconds: number | null;
}

/** A stable format: fields may be added, none is removed or changed under the same number. */
export interface DoctorReport {
  readonly format: 1;
  /** `host`: this machine; `network:<name>`: a container on that Docker network. */
  readonly from: string;
  /** Addresses that were given, `host:port` each. */
  readonly bootstrap: readonly string[];
  /** What the client speaks. */
  readonly securityProtocol: SecurityProtocol;
  /** Whether every address, given or advertised, can be used from there. */
  readonly usable: boolean;
  /** The cluster behind the first given address that told it. */
  readonly clusterId: string | null;
  /** Given ones first, then advertised ones in the order of their brokers. */
  readonly addresses: readonly AddressReport[];
  /** Errors first; empty when all is well. */
  readonly findings: readonly Finding[];
  readonly milliseconds: number;
}
