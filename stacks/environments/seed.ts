import {
  InvalidSettingError,
  Jmx,
  Listener,
  PublishedPort,
  Sizing,
} from "../../constructs/index.ts";
import type { EnvironmentSettings } from "../environment.ts";

/**
 * The address by which other machines reach this Docker host, such as `192.168.56.101`; without it, nothing is
 * published beyond 127.0.0.1.
 */
const address = process.env["SEED_ADDRESS"] || undefined;
/** The host's own IP address behind it, where that is another: behind NAT, or where SEED_ADDRESS is a name. */
const bindAddress = process.env["SEED_BIND_ADDRESS"] || undefined;

if (address === undefined && bindAddress !== undefined) {
  throw new InvalidSettingError(
    `SEED_BIND_ADDRESS is ${bindAddress}, but nothing says what other machines dial; set SEED_ADDRESS too, or neither`,
  );
}

const elsewhere =
  address === undefined
    ? undefined
    : { address, ...(bindAddress === undefined ? {} : { bindAddress }) };

const publish = (port: number): PublishedPort =>
  elsewhere === undefined
    ? PublishedPort.host(port)
    : PublishedPort.external({ port, ...elsewhere });

/** A well-known docker-compose platform of Confluent 7.0.1, under its names and ports, with the Connect that it forgot. */
export default {
  distribution: "confluent",
  versions: { confluent: "7.0.1", local: "3.0.1" },
  sizing: Sizing.laptop(),
  zooKeeper: { hosts: ["zookeeper"], publish: PublishedPort.host(2181) },
  kafka: {
    brokers: [{ host: "broker" }],
    listeners: [
      Listener.network({ name: "PLAINTEXT", port: 29092 }),
      elsewhere === undefined
        ? Listener.host({ name: "PLAINTEXT_HOST", port: 9092 })
        : Listener.external({ name: "PLAINTEXT_HOST", port: 9092, ...elsewhere }),
    ],
    jmx: elsewhere === undefined ? Jmx.host() : Jmx.external(elsewhere),
  },
  schemaRegistry: { name: "schema-registry", publish: publish(8081) },
  connect: { name: "connect", publish: publish(8083) },
  ksqlDb: {
    name: "ksqldb-server",
    publish: publish(8088),
    // Each record is seen at once, not with the next commit.
    settings: { "cache.max.bytes.buffering": "0", "ksql.service.id": "default_" },
    cli: { name: "ksqldb-cli" },
  },
  restProxy: { name: "rest-proxy", publish: publish(8082) },
} satisfies EnvironmentSettings;
