/** A platform that others deployed: what its addresses, and the cluster itself, say of it. */
import { connect } from "node:net";
import { formatAddress, parseAddress, type Address } from "../doctor/address.ts";
import { HttpClient, ServiceRefusal } from "./clients/http-client.ts";
import { messageOf } from "../doctor/deadline.ts";
import { explainBootstrapListeners, explainClusterIds } from "./diagnosis.ts";
import { NoAnswer, type Dial } from "../doctor/dial.ts";
import { explainGiven, faultOf, HERE } from "../doctor/explain.ts";
import { look } from "../doctor/look.ts";
import { askSettings, type BrokerSettings } from "../doctor/metadata.ts";
import type { PlatformOutputs, SchemaRegistryOutput } from "./outputs.ts";
import { SERVICE_OPTIONS, SERVICE_TITLES, type ServiceKey } from "./services.ts";

/** Where a platform that others deployed is found. */
export interface ForeignPlatform {
  /** `host:port` of brokers, comma-separated. */
  readonly bootstrapServers: string;
  /** Of the services' APIs; what has none is not tried. */
  readonly urls: Readonly<Partial<Record<ServiceKey, string>>>;
}

/** Why a platform of others cannot be tried: nothing has been yet. */
export class ForeignPlatformError extends Error {
  override name = "ForeignPlatformError";
}

/**
 * Checks what was given, without a look at the network.
 *
 * @throws ForeignPlatformError that names all that cannot be used
 */
export function foreignPlatform(
  bootstrapServers: string,
  urls: ForeignPlatform["urls"],
): ForeignPlatform {
  const complaints: string[] = [];
  const addresses = bootstrapServers.split(",").flatMap((text) => {
    try {
      const address = parseAddress(text);
      if (address.port > 0 && address.port < 65_536) return formatAddress(address);
      complaints.push(`--bootstrap "${text}": ${address.port} is no port; write 1 to 65535`);
    } catch (error) {
      complaints.push(`--bootstrap ${messageOf(error)}, several separated by commas`);
    }
    return [];
  });
  for (const [service, url] of Object.entries(urls) as [ServiceKey, string][]) {
    const complaint = complaintAbout(url);
    if (complaint === undefined) continue;
    // A password is nobody's business.
    const shown = url.replace(/\/\/[^/@]*@/, "//…@");
    complaints.push(`--${SERVICE_OPTIONS[service]} "${shown}" ${complaint}`);
  }
  if (complaints.length > 0) throw new ForeignPlatformError(complaints.join("\n"));
  return { bootstrapServers: [...new Set(addresses)].join(","), urls };
}

function complaintAbout(url: string): string | undefined {
  const { protocol, username, search, hash } = URL.canParse(url) ? new URL(url) : {};
  if (protocol === "https:")
    return "is https, which the smoke tests do not speak; give an http address";
  if (protocol !== "http:") return "is no http address; write http://host:port";
  if (username !== "") return "has a user in it, which the smoke tests do not send; leave it out";
  return search === "" && hash === "" ? undefined : "has more than a path; write http://host:port";
}

/**
 * Asks the cluster for all that the smoke tests must know: they then try what its metadata says.
 *
 * @param dial opens connections from where the tests stand
 * @throws ForeignPlatformError when an address leads to no broker, or several lead to different clusters
 */
export async function outputsOf(
  { bootstrapServers, urls }: ForeignPlatform,
  dial: Dial = ({ host, port }) => connect({ host, port }),
): Promise<PlatformOutputs> {
  const addresses = bootstrapServers.split(",").map(parseAddress);
  const looks = await Promise.all(addresses.map((address) => look(dial, address, { seconds: 5 })));
  const complaints = looks.flatMap((each) =>
    faultOf(each.found, "PLAINTEXT") === undefined
      ? []
      : explainGiven(
          each,
          formatAddress(each.address),
          HERE.words,
          "the smoke tests speak PLAINTEXT only",
        ),
  );
  if (complaints.length > 0) throw new ForeignPlatformError(complaints.join("\n"));
  const seen = looks.flatMap(({ address, found }) =>
    found.is === "broker" ? [{ address, metadata: found.metadata }] : [],
  );
  const [first] = seen;
  if (first === undefined || first.metadata.brokers.length === 0) {
    throw new ForeignPlatformError(
      `${bootstrapServers} names no broker yet; see that the brokers have joined their cluster`,
    );
  }
  const discord = explainClusterIds(
    seen.map(({ address, metadata: { clusterId } }) => ({
      listener: "--bootstrap",
      address: formatAddress(address),
      clusterId,
    })),
  );
  if (discord !== undefined) throw new ForeignPlatformError(discord);
  const strays = explainBootstrapListeners(
    seen.map(({ address, metadata: { brokers: all } }) => ({
      address: formatAddress(address),
      brokers: all,
    })),
  );
  if (strays !== undefined) throw new ForeignPlatformError(strays);

  const { clusterId } = first.metadata;
  const brokers = [...first.metadata.brokers].sort((a, b) => a.id - b.id);
  const advertised = brokers.map(({ address }) => address).join(",");
  const settings = await settingsThrough(dial, first.address, brokers[0]?.id ?? 0);
  const name = listenerName(settings, advertised.split(","));
  const { schemaRegistry, connect: connectUrl, ksqlDb, restProxy } = urls;
  return {
    environment: bootstrapServers,
    labels: {},
    kafka: {
      // Only brokers with KRaft have roles.
      metadata: (settings["process.roles"] ?? "") === "" ? "zookeeper" : "kraft",
      ...(clusterId === null ? {} : { clusterId }),
      brokers: brokers.map(({ id }) => ({ id })),
      listeners: {
        [name]: { vantage: "host", bootstrapServers: advertised, security: "PLAINTEXT" },
      },
    },
    services: {
      ...(schemaRegistry === undefined
        ? {}
        : {
            schemaRegistry: { url: schemaRegistry, product: await productOf(schemaRegistry, dial) },
          }),
      ...(connectUrl === undefined ? {} : { connect: { url: connectUrl } }),
      ...(ksqlDb === undefined ? {} : { ksqlDb: { url: ksqlDb } }),
      ...(restProxy === undefined ? {} : { restProxy: { url: restProxy } }),
    },
    clients: {
      kafkajs: { [name]: { brokers: advertised.split(",") } },
      librdkafka: { [name]: { "bootstrap.servers": advertised } },
      java: { [name]: { "bootstrap.servers": advertised } },
    },
  };
}

/** What the broker says of itself that is behind an address; it says so under its own id only. */
async function settingsThrough(
  dial: Dial,
  address: Address,
  id: number,
): Promise<BrokerSettings["settings"]> {
  const ask = (of: number): Promise<BrokerSettings> =>
    askSettings(dial, address, of, ["advertised.listeners", "process.roles"]);
  const { settings, otherId } = await ask(id);
  return otherId === undefined ? settings : (await ask(otherId)).settings;
}

/** The name of the listener that these addresses are of, where the broker tells its listeners. */
function listenerName(settings: BrokerSettings["settings"], addresses: readonly string[]): string {
  const listeners = settings["advertised.listeners"]?.split(",") ?? [];
  const own = listeners
    .map((listener) => /^([^:]+):\/\/(.+)$/.exec(listener.trim()))
    .find((match) => match?.[2] !== undefined && addresses.includes(match[2]));
  return own?.[1] ?? "BOOTSTRAP";
}

/** Who made a Schema Registry: only Apicurio's has an API of its own beside Confluent's. */
async function productOf(url: string, dial: Dial): Promise<SchemaRegistryOutput["product"]> {
  const title = SERVICE_TITLES.schemaRegistry;
  const json = "application/json";
  const client = new HttpClient(url, { title, dial, contentType: json, accept: json, seconds: 10 });
  try {
    const info = await client.json("GET", "/apis/registry/v3/system/info", { base: "" });
    return /apicurio/i.test(String((info as { name?: unknown }).name)) ? "apicurio" : "confluent";
  } catch (error) {
    // One that is silent is for the smoke tests to explain.
    if (error instanceof ServiceRefusal || error instanceof NoAnswer) return "confluent";
    throw error;
  }
}
