import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { imagesAsAsked } from "../../../stacks/environment-lock.ts";
import { KafkaPlatform } from "../../../stacks/kafka-platform.ts";
import { setVariable } from "../../constructs/scratch.ts";
import { emptyApp, synthesize, type Program } from "../../constructs/synthesis.ts";
import { lockOf } from "../environments.ts";

// The file reads its variables when it is loaded; no other test is to find it as it was loaded here.
beforeEach(() => {
  vi.resetModules();
});
afterEach(() => {
  vi.resetModules();
});

/** The program of seed where these variables are set, on a host with these addresses. */
async function seed(
  variables: { readonly address?: string; readonly bind?: string } = {},
  hostAddresses = ["127.0.0.1", "10.0.0.5"],
): Promise<Program> {
  setVariable("SEED_ADDRESS", variables.address);
  setVariable("SEED_BIND_ADDRESS", variables.bind);
  vi.resetModules();
  const { loadEnvironment } = await import("../../../stacks/environment.ts");
  const environment = await loadEnvironment("seed");
  const lock = lockOf({ environment: "seed", images: imagesAsAsked(environment, true) });
  const engine = { host: "unix:///var/run/docker.sock" };
  return synthesize(new KafkaPlatform(emptyApp(), { environment, lock, engine, hostAddresses }));
}

/** Every setting of a program by its path: containers by name, variables by theirs, ports by what they lead to. */
function settings(program: Program): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (path: string, value: unknown): void => {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(`${path} ${key}`, inner);
    } else {
      found.set(path, String(value));
    }
  };
  for (const [type, resources] of Object.entries(program.resource)) {
    for (const [id, { env = [], ports = [], ...block }] of Object.entries(resources)) {
      const name = String(block["name"] ?? id);
      walk(`${type} ${name}`, block);
      for (const line of env as string[]) {
        found.set(`${name} ${line.slice(0, line.indexOf("="))}`, line.slice(line.indexOf("=") + 1));
      }
      const bound = ports as { internal: number; external: number; ip: string }[];
      for (const internal of new Set(bound.map((port) => port.internal))) {
        const outside = bound.filter((port) => port.internal === internal);
        found.set(
          `${name} port ${internal}`,
          outside.map(({ ip, external }) => `${ip}:${external}`).join(" "),
        );
      }
    }
  }
  for (const [name, { value }] of Object.entries(program.output ?? {})) walk(name, value);
  walk("terraform", program.terraform);
  return found;
}

function differences(before: Program, after: Program): Record<string, string> {
  const [one, two] = [settings(before), settings(after)];
  return Object.fromEntries(
    [...new Set([...one.keys(), ...two.keys()])]
      .filter((path) => one.get(path) !== two.get(path))
      .sort()
      .map((path) => [path, `${one.get(path) ?? "-"} → ${two.get(path) ?? "-"}`]),
  );
}

/** What SEED_ADDRESS changes, and nothing else. */
function moved(address: string, bound: string): Record<string, unknown> {
  const at = `${address}:9092`;
  const ports = (port: number): string => `127.0.0.1:${port} → ${bound}:${port}`;
  return {
    "broker KAFKA_ADVERTISED_LISTENERS": `BROKER://broker:19091,PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092 → BROKER://broker:19091,PLAINTEXT://broker:29092,PLAINTEXT_HOST://${at}`,
    "broker KAFKA_JMX_HOSTNAME": `localhost → ${address}`,
    "broker port 9092": ports(9092),
    "broker port 9101": ports(9101),
    "schema-registry port 8081": ports(8081),
    "rest-proxy port 8082": ports(8082),
    "connect port 8083": ports(8083),
    "ksqldb-server port 8088": ports(8088),
    // Nobody on this host can tell how an address is reached from elsewhere: the gate tries the listener no longer.
    "terraform_data ready_gate_80926FD4 provisioner 0 local-exec command": expect.stringMatching(
      /"name":"PLAINTEXT_HOST".* → (?!.*PLAINTEXT_HOST)/,
    ),
    "clients java PLAINTEXT_HOST bootstrap.servers": `localhost:9092 → ${at}`,
    "clients kafkajs PLAINTEXT_HOST brokers 0": `localhost:9092 → ${at}`,
    "clients librdkafka PLAINTEXT_HOST bootstrap.servers": `localhost:9092 → ${at}`,
    "kafka listeners PLAINTEXT_HOST bootstrapServers": `localhost:9092 → ${at}`,
    "kafka listeners PLAINTEXT_HOST vantage": "host → external",
    "services schemaRegistry url": "http://localhost:8081 → -",
    "services schemaRegistry externalUrl": `- → http://${address}:8081`,
    "services restProxy url": "http://localhost:8082 → -",
    "services restProxy externalUrl": `- → http://${address}:8082`,
    "services connect url": "http://localhost:8083 → -",
    "services connect externalUrl": `- → http://${address}:8083`,
    "services ksqlDb url": "http://localhost:8088 → -",
    "services ksqlDb externalUrl": `- → http://${address}:8088`,
  };
}

describe("SEED_ADDRESS", () => {
  it("moves what the broker, its JMX and the services give to clients, and nothing else", async () => {
    const before = await seed();
    expect(differences(before, await seed({ address: "10.0.0.5" }))).toEqual(
      moved("10.0.0.5", "10.0.0.5"),
    );
  });

  it("may be a name, with the address to bind beside it", async () => {
    const before = await seed();
    const after = await seed({ address: "kafka.example.org", bind: "10.0.0.5" });
    expect(differences(before, after)).toEqual(moved("kafka.example.org", "10.0.0.5"));
  });

  it("may be an address that is not this host's, with the address to bind beside it", async () => {
    const before = await seed();
    const after = await seed({ address: "203.0.113.9", bind: "0.0.0.0" });
    expect(differences(before, after)).toEqual(moved("203.0.113.9", "0.0.0.0"));
  });

  it("changes nothing while it is empty", async () => {
    expect(differences(await seed(), await seed({ address: "", bind: "" }))).toEqual({});
  });

  it("is refused where this host has it not, with everything that would be bound on it", async () => {
    const error: unknown = await seed({ address: "192.0.2.9" }).catch((thrown: unknown) => thrown);
    const { message } = error as Error;
    const what = [
      'external listener "PLAINTEXT_HOST"',
      "external JMX",
      ...[8081, 8083, 8088, 8082].map((port) => `external port ${port} at 192.0.2.9`),
    ].join(", ");
    expect(message.split("\n").filter((line) => line.includes("[seed]"))).toEqual([
      `  [seed] ${what}: this host has no address 192.0.2.9 to bind (it has 127.0.0.1, 10.0.0.5); give bindAddress, one of these or 0.0.0.0 for all of them`,
    ]);
  });

  it.each([
    {
      title: "a name without an address to bind",
      variables: { address: "kafka.example.org" },
      said: 'environment seed: external listener "PLAINTEXT_HOST": the name kafka.example.org cannot be bound; give bindAddress, an IP of the Docker host or 0.0.0.0 for all of them',
    },
    {
      title: "nonsense",
      variables: { address: "http://10.0.0.5" },
      said: 'environment seed: external listener "PLAINTEXT_HOST": "http://10.0.0.5" is not a host; give an IP address or a DNS name, without scheme or port',
    },
    {
      title: "an address with a port",
      variables: { address: "10.0.0.5:9092" },
      said: 'environment seed: external listener "PLAINTEXT_HOST": "10.0.0.5:9092" is not a host; give an IP address or a DNS name, without scheme or port',
    },
    {
      title: "the loopback",
      variables: { address: "localhost" },
      said: 'environment seed: external listener "PLAINTEXT_HOST": localhost leads every client back to itself; give an address of this host that others reach, or use Listener.host()',
    },
    {
      title: "all addresses at once",
      variables: { address: "0.0.0.0" },
      said: 'environment seed: external listener "PLAINTEXT_HOST": nobody can dial 0.0.0.0; give the address that clients use, and 0.0.0.0 as bindAddress',
    },
    {
      title: "missing beside SEED_BIND_ADDRESS",
      variables: { bind: "0.0.0.0" },
      said: "environment seed: SEED_BIND_ADDRESS is 0.0.0.0, but nothing says what other machines dial; set SEED_ADDRESS too, or neither",
    },
    {
      title: "with a name to bind",
      variables: { address: "10.0.0.5", bind: "eth0" },
      said: 'environment seed: external listener "PLAINTEXT_HOST": bindAddress "eth0" is not an IP address; give one of the Docker host\'s, or 0.0.0.0 for all of them',
    },
  ])("is refused as $title", async ({ variables, said }) => {
    const error: unknown = await seed(variables).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "InvalidSettingError", message: said });
  });
});
