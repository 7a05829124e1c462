import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gateProgram } from "../../constructs/readiness-gate.ts";
import type { AddressReport, DoctorReport, Fault, Finding } from "../../doctor/report.ts";
import { makeCertificate } from "./certificates.ts";
import { CLUSTER_IDS, FaultLab, NO_SUCH_HOST } from "./fault-lab.ts";

/** Each fault that the doctor tells apart, made for real, with the sentence that it must print. */

const COMMAND = fileURLToPath(new URL("../../cli/run.mjs", import.meta.url));

/** Everything that others may do must end by then; without a fault it takes a second or two. */
const GENEROUS_SECONDS = 60;

/** Where nothing but a time-out tells. */
const HASTE = ["--seconds", "12"];

let lab: FaultLab;

beforeAll(async () => {
  lab = await FaultLab.create();
});

afterAll(async () => {
  await lab?.remove();
});

/** Where the doctor is run: on this machine, or on one that has no Docker engine and is none of the brokers'. */
type Machine = "here" | "elsewhere";

interface Spoken {
  readonly exitCode: number | undefined;
  readonly output: string;
  readonly complaints: string;
}

async function speak(machine: Machine, ...args: readonly string[]): Promise<Spoken> {
  const way = machine === "here" ? [] : await lab.elsewhere();
  const [program = "", ...rest] = [...way, process.execPath, COMMAND, "doctor", ...args];
  const { exitCode, stdout, stderr } = await execa(program, rest, {
    reject: false,
    stdin: "ignore",
    timeout: GENEROUS_SECONDS * 1000,
    env: {
      NO_COLOR: "1",
      ...(machine === "here" ? {} : { DOCKER_HOST: "unix:///no-engine-here" }),
    },
  });
  return { exitCode, output: stdout, complaints: stderr };
}

/** What the doctor reports, checked against the exit status it ends with. */
async function diagnose(machine: Machine, ...args: readonly string[]): Promise<DoctorReport> {
  const { exitCode, output, complaints } = await speak(machine, ...args, "--json");
  expect(complaints).toBe("");
  const report = JSON.parse(output) as DoctorReport;
  expect(report.format).toBe(1);
  expect(exitCode, output).toBe(report.usable ? 0 : 1);
  expect(report.usable).toBe(report.addresses.every(({ usable }) => usable));
  // An address is usable unless an error says why not.
  const wrong = report.findings.filter(({ severity }) => severity === "error");
  const unusable = report.addresses.filter(({ usable }) => !usable);
  expect(new Set(wrong.map(({ address }) => address))).toEqual(
    new Set(unusable.map(({ address }) => address)),
  );
  return report;
}

/** The report on one address. */
function at({ addresses }: DoctorReport, address: string): AddressReport {
  const found = addresses.find((each) => each.address === address);
  if (found === undefined) throw new Error(`${address} is not reported on`);
  return found;
}

/** One fault at one address, with the parts that tell of its sentence. */
interface Expected {
  readonly fault: Fault;
  readonly address: string;
  readonly brokerId?: number;
  readonly severity?: "warning";
  /** In their order. */
  readonly says: readonly string[];
}

function escaped(text: string): string {
  return text.replace(/[^\w\s]/g, "\\$&");
}

/** A report that has this one finding. */
function one({ fault, address, brokerId, severity, says }: Expected) {
  const message = expect.stringMatching(new RegExp(says.map(escaped).join("[^]*")));
  const whose = { address, brokerId: brokerId ?? null };
  const findings = [{ fault, severity: severity ?? "error", ...whose, message }];
  return { usable: severity === "warning", findings };
}

/** A report on these addresses, with which nothing is wrong. */
function well(...addresses: readonly string[]) {
  return {
    usable: true,
    findings: [],
    addresses: addresses.map((address) => ({ address, usable: true })),
  };
}

describe("all is well", () => {
  test.each([
    ["Kafka 4.1.1, broker and controller in one", "one-host", 1, CLUSTER_IDS.one],
    ["Kafka 3.0.1 with ZooKeeper", "old-host", 1, /^[\w-]{22}$/],
    ["a Kafka that others configured", "foreign-host", 0, CLUSTER_IDS.foreign],
  ])("on %s", async (_, name, brokerId, clusterId) => {
    const address = lab.local(name);
    const report = await diagnose("here", address);
    expect(report).toMatchObject(well(address));
    expect(report.from).toBe("host");
    expect(report.bootstrap).toEqual([address]);
    expect(report.clusterId).toMatch(clusterId);
    expect(report.addresses).toEqual([
      {
        address,
        bootstrap: true,
        advertisedBy: [brokerId],
        usable: true,
        securityProtocol: "PLAINTEXT",
        saslMechanisms: [],
        milliseconds: expect.any(Number),
      },
    ]);
  });

  test("on Kafka 3.9.1 with three brokers and a controller, from any of them", async () => {
    const [first, second, third] = [1, 2, 3].map((id) => lab.local(`three-${id}-host`)) as [
      string,
      string,
      string,
    ];
    const report = await diagnose("here", `${second},${third}`);
    expect(report).toMatchObject(well(second, third, first));
    expect(report.addresses.map(({ advertisedBy }) => advertisedBy)).toEqual([[2], [3], [1]]);
    expect(report.clusterId).toBe(CLUSTER_IDS.three);
  });

  test("from a container on the network, also of a Kafka that others configured", async () => {
    const reports = await Promise.all([
      diagnose("here", "three-2:9092", "--from", `network:${lab.network}`),
      diagnose("here", "foreign:9092", "--from", `network:${lab.network}`),
    ]);
    expect(reports[0]).toMatchObject(well("three-2:9092", "three-1:9092", "three-3:9092"));
    expect(reports[1]).toMatchObject(well("foreign:9092"));
    expect(reports[0].from).toBe(`network:${lab.network}`);
  });

  test("from another machine, through an address that it reaches", async () => {
    expect(await diagnose("elsewhere", lab.lan("one-lan"))).toMatchObject(well(lab.lan("one-lan")));
  });

  test("with TLS, where the client speaks it", async () => {
    const address = lab.local("one-secure");
    const report = await diagnose("here", address, "--security-protocol", "SSL");
    expect(report).toMatchObject(well(address));
    expect(at(report, address).securityProtocol).toBe("SSL");
  });

  test("is one line an address for people", async () => {
    const { exitCode, output } = await speak("here", lab.local("old-host"));
    expect(output).toMatch(new RegExp(`${lab.local("old-host")} .*broker 1 .*PLAINTEXT`));
    expect(output.split("\n").length).toBeLessThan(8);
    expect(exitCode).toBe(0);
  });
});

describe("nobody answers", () => {
  test("since the name does not resolve", async () => {
    const address = `${NO_SUCH_HOST}:9092`;
    const [given, advertised] = await Promise.all([
      diagnose("here", address),
      diagnose("here", lab.local("one-nameless")),
    ]);
    expect(given).toMatchObject(
      one({
        fault: "unresolved",
        address,
        says: [`the name in ${address} does not resolve from this host`],
      }),
    );
    expect(advertised).toMatchObject(
      one({
        fault: "unresolved",
        address,
        brokerId: 1,
        says: [
          `you reached ${lab.local("one-nameless")}, but broker 1 sends clients to ${address}`,
          "a name that does not resolve from this host",
          `set KAFKA_ADVERTISED_LISTENERS of container "${lab.container("one")}" to `,
          `NAMELESS://${lab.local("one-nameless")}`,
          `or begin at ${lab.local("one-host")}, which is listener HOST of container "${lab.container("one")}"`,
        ],
      }),
    );
    expect(at(advertised, lab.local("one-nameless")).usable).toBe(true);
  });

  test("since nothing listens there", async () => {
    const address = lab.local("nobody");
    const [given, advertised] = await Promise.all([
      diagnose("here", address),
      diagnose("here", lab.local("one-refused")),
    ]);
    expect(given).toMatchObject(
      one({
        fault: "refused",
        address,
        says: [`${address} refuses connections from this host`, "see that a broker runs there"],
      }),
    );
    expect(advertised).toMatchObject(
      one({
        fault: "refused",
        address,
        brokerId: 1,
        says: [
          `you reached ${lab.local("one-refused")}, but broker 1 sends clients to ${address}`,
          "which refuses connections from this host",
          `set KAFKA_ADVERTISED_LISTENERS of container "${lab.container("one")}" to `,
          `REFUSED://${lab.local("one-refused")}`,
        ],
      }),
    );
  });

  test("since a firewall drops it, on another machine than the broker's", async () => {
    const address = lab.lan("dropped");
    const [given, advertised] = await Promise.all([
      diagnose("elsewhere", address, ...HASTE),
      diagnose("elsewhere", lab.lan("one-dropped"), ...HASTE),
    ]);
    expect(given).toMatchObject(
      one({
        fault: "dropped",
        address,
        says: [`${address} takes no connection from this host within`, "no firewall drops it"],
      }),
    );
    expect(advertised).toMatchObject(
      one({
        fault: "dropped",
        address,
        brokerId: 1,
        says: [
          `you reached ${lab.lan("one-dropped")}, but broker 1 sends clients to ${address}`,
          "takes no connection from this host",
          "see that no firewall drops it, or set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS)",
          lab.lan("one-dropped"),
        ],
      }),
    );
  });
});

describe("somebody answers who is no Kafka", () => {
  test("a web server, with and without TLS", async () => {
    const plain = `localhost:${await lab.strangers.http()}`;
    const certificate = await makeCertificate(2020, 2100);
    const secure = `localhost:${await lab.strangers.https(certificate)}`;
    const reports = await Promise.all([diagnose("here", plain), diagnose("here", secure)]);
    expect(reports[0]).toMatchObject(
      one({
        fault: "http",
        address: plain,
        says: [`${plain} answers in HTTP, not as Kafka`, "give the address of a Kafka broker"],
      }),
    );
    expect(reports[1]).toMatchObject(
      one({
        fault: "http",
        address: secure,
        says: [`${secure} answers in HTTP within TLS`, "give the address of a Kafka broker"],
      }),
    );
  });

  test("ZooKeeper", async () => {
    const address = lab.local("zookeeper");
    expect(await diagnose("here", address)).toMatchObject(
      one({
        fault: "zookeeper",
        address,
        says: [
          `${address} is a ZooKeeper server's, not Kafka's`,
          "give the address of a Kafka broker",
        ],
      }),
    );
  });

  test("a server that speaks first", async () => {
    const address = `localhost:${await lab.strangers.banner("SSH-2.0-OpenSSH_9.2\r\n")}`;
    expect(await diagnose("here", address)).toMatchObject(
      one({
        fault: "not-kafka",
        address,
        says: [`${address} answers, but not as Kafka`, "SSH-2.0-OpenSSH_9.2"],
      }),
    );
  });

  test("servers that say nothing, or hang up", async () => {
    const silent = `localhost:${await lab.strangers.silent()}`;
    const closing = `localhost:${await lab.strangers.closing()}`;
    const reports = await Promise.all([
      diagnose("here", silent, ...HASTE),
      diagnose("here", closing, ...HASTE),
    ]);
    expect(reports[0]).toMatchObject(
      one({
        fault: "silent",
        address: silent,
        says: [`${silent} takes the connection from this host, but gives no answer`],
      }),
    );
    expect(reports[1]).toMatchObject(
      one({
        fault: "closed",
        address: closing,
        says: [`${closing} closes the connection from this host instead of answering`],
      }),
    );
  });

  test("a KRaft controller, which is not for clients", async () => {
    for (const name of ["one-controller", "three-controller"]) {
      const address = lab.local(name);
      expect(await diagnose("here", address)).toMatchObject(
        one({
          fault: "controller",
          address,
          says: [
            `${address} is the port of a KRaft controller, which is not for clients`,
            "give the address of a listener for clients",
          ],
        }),
      );
    }
  });
});

describe("client and listener do not speak the same", () => {
  test("the listener wants TLS", async () => {
    const address = lab.local("one-secure");
    const report = await diagnose("here", address);
    expect(report).toMatchObject(
      one({
        fault: "tls-expected",
        address,
        brokerId: 1,
        says: [`${address} speaks TLS`, "set security.protocol=SSL"],
      }),
    );
    expect(at(report, address).securityProtocol).toBe("SSL");
  });

  test("the listener has no TLS", async () => {
    const address = lab.local("one-host");
    expect(await diagnose("here", address, "--security-protocol", "SSL")).toMatchObject(
      one({
        fault: "plaintext-expected",
        address,
        brokerId: 1,
        says: [`${address} speaks no TLS`, "set security.protocol=PLAINTEXT"],
      }),
    );
  });

  test("the listener wants a login, with and without TLS", async () => {
    const [plain, secret] = [lab.local("one-login"), lab.local("one-secret")];
    const reports = await Promise.all([diagnose("here", plain), diagnose("here", secret)]);
    expect(reports[0]).toMatchObject(
      one({
        fault: "sasl-expected",
        address: plain,
        says: [
          `${plain} wants its clients to authenticate (SASL_PLAINTEXT: PLAIN, SCRAM-SHA-256)`,
          "set security.protocol=SASL_PLAINTEXT, with sasl.mechanism",
        ],
      }),
    );
    expect(reports[1]).toMatchObject(
      one({
        fault: "sasl-expected",
        address: secret,
        says: [
          `${secret} wants its clients to authenticate (SASL_SSL: PLAIN, SCRAM-SHA-256)`,
          "set security.protocol=SASL_SSL, with sasl.mechanism",
        ],
      }),
    );
    expect(at(reports[0], plain).saslMechanisms).toEqual(["PLAIN", "SCRAM-SHA-256"]);
    expect(at(reports[1], secret).securityProtocol).toBe("SASL_SSL");
  });

  test("a listener without TLS sends its clients to one with", async () => {
    const [given, address] = [lab.local("one-crossed"), lab.local("one-secure")];
    const report = await diagnose("here", given);
    expect(report).toMatchObject(
      one({
        fault: "tls-expected",
        address,
        brokerId: 1,
        says: [
          `you reached ${given}, but broker 1 sends clients to ${address}, which speaks TLS`,
          `while ${given} speaks PLAINTEXT`,
          "KAFKA_ADVERTISED_LISTENERS",
          `SECURE://${address},CROSSED://${given},`,
          "security.protocol=SSL",
        ],
      }),
    );
    expect(at(report, given).usable).toBe(true);
  });

  test("the certificate is not valid yet, or no longer", async () => {
    const year = new Date().getFullYear();
    const ssl = ["--security-protocol", "SSL"];
    const [expired, early] = [lab.local("one-expired"), lab.local("one-early")];
    const reports = await Promise.all([
      diagnose("here", expired, ...ssl),
      diagnose("here", early, ...ssl),
    ]);
    expect(reports[0]).toMatchObject(
      one({
        fault: "certificate-time",
        address: expired,
        brokerId: 1,
        says: [
          `the certificate at ${expired} is valid from ${year - 3}-01-01`,
          `to ${year - 1}-01-01`,
          `this machine's clock says ${year}-`,
          "renew the certificate",
        ],
      }),
    );
    expect(reports[1]).toMatchObject(
      one({
        fault: "certificate-time",
        address: early,
        brokerId: 1,
        says: [`is valid from ${year + 2}-01-01`, "set this machine's clock"],
      }),
    );
  });
});

describe("the advertised address leads astray", () => {
  test("to another broker of the cluster", async () => {
    const [first, second, third] = [1, 2, 3].map((id) => lab.local(`three-${id}-swapped`)) as [
      string,
      string,
      string,
    ];
    const report = await diagnose("here", third);
    expect(
      report.findings.map(({ fault, address, brokerId }) => [fault, address, brokerId]),
    ).toEqual([
      ["other-broker", second, 1],
      ["other-broker", first, 2],
    ]);
    const [{ message }] = report.findings as [Finding];
    expect(message).toContain(`broker 1 sends clients to ${second}, where broker 2 answers`);
    expect(message).toContain(`see that port ${lab.port("three-2-swapped")} leads to broker 1`);
    expect(message).toContain("SWAPPED://<host:port that leads to broker 1>");
    expect(at(report, third).usable).toBe(true);
  });

  test("to a broker of another cluster", async () => {
    const [given, address] = [lab.local("one-astray"), lab.local("old-host")];
    const report = await diagnose("here", given);
    const { clusterId } = await diagnose("here", address);
    expect(report).toMatchObject(
      one({
        fault: "other-cluster",
        address,
        brokerId: 1,
        says: [
          `you reached ${given}, but broker 1 sends clients to ${address}`,
          `a broker of another cluster answers (${clusterId}, not ${CLUSTER_IDS.one})`,
          `ASTRAY://${given}`,
        ],
      }),
    );
    expect(report.clusterId).toBe(CLUSTER_IDS.one);
  });

  test("where two brokers advertise the same", async () => {
    const [address, other] = [lab.local("three-1-shared"), lab.local("three-3-shared")];
    const report = await diagnose("here", other);
    expect(report).toMatchObject(
      one({
        fault: "shared-address",
        address,
        brokerId: 1,
        says: [
          `brokers 1 and 2 both send clients to ${address}`,
          "give each an address of its own (advertised.listeners, KAFKA_ADVERTISED_LISTENERS)",
        ],
      }),
    );
    expect(at(report, address).advertisedBy).toEqual([1, 2]);
  });

  test("at one broker of three", async () => {
    const [given, second, address] = [
      lab.local("three-1-odd"),
      lab.local("three-2-odd"),
      lab.local("nobody"),
    ];
    const report = await diagnose("here", given);
    expect(report).toMatchObject(
      one({
        fault: "refused",
        address,
        brokerId: 3,
        says: [
          `you reached ${given}, but broker 3 sends clients to ${address}, which refuses connections`,
          `KAFKA_ADVERTISED_LISTENERS of container "${lab.container("three-3")}"`,
          "ODD://<host:port that leads to broker 3>",
        ],
      }),
    );
    expect(report.addresses.map(({ address: each, usable }) => [each, usable])).toEqual([
      [given, true],
      [second, true],
      [address, false],
    ]);
  });

  test("to localhost, which is another machine's own", async () => {
    const [given, address] = [lab.lan("one-host"), lab.local("one-host")];
    const [elsewhere, here] = await Promise.all([
      diagnose("elsewhere", given),
      diagnose("here", given),
    ]);
    expect(elsewhere).toMatchObject(
      one({
        fault: "localhost",
        address,
        brokerId: 1,
        says: [
          `you reached ${given}, but broker 1 sends clients to ${address}, which is each client itself`,
          "set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS)",
          given,
        ],
      }),
    );
    expect(at(elsewhere, given).usable).toBe(true);
    const { exitCode, output } = await speak("elsewhere", given);
    expect(output.split("\n")).toContain(`error: ${elsewhere.findings[0]?.message}`);
    expect(exitCode).toBe(1);
    expect(here).toMatchObject(
      one({
        fault: "localhost",
        address,
        brokerId: 1,
        severity: "warning",
        says: [
          `you reached ${given}, but broker 1 sends clients to ${address}`,
          "only programs on this machine can use it",
          `clients elsewhere are to use ${lab.lan("one-lan")}, which is listener LAN`,
        ],
      }),
    );
  });

  test("to localhost, which is a container's own", async () => {
    const [given, address] = [`one:${lab.port("one-host")}`, lab.local("one-host")];
    const report = await diagnose("here", given, "--from", `network:${lab.network}`);
    expect(report).toMatchObject(
      one({
        fault: "localhost",
        address,
        brokerId: 1,
        says: [
          `you reached ${given}, but broker 1 sends clients to ${address}`,
          "which from there is the container itself",
          `container "${lab.container("one")}"`,
        ],
      }),
    );
  });

  test("where only the Docker host gets to", async () => {
    const [given, address] = [`one:${lab.port("one-apart")}`, lab.apart("one-apart")];
    const from = ["--from", `network:${lab.network}`];
    const [advertised, direct] = await Promise.all([
      diagnose("here", given, ...from),
      diagnose("here", address, ...from),
    ]);
    const place = `a container on network "${lab.network}"`;
    expect(advertised).toMatchObject(
      one({
        fault: "host-only",
        address,
        brokerId: 1,
        says: [
          `you reached ${given}, but broker 1 sends clients to ${address}`,
          `which can be used from this host, but not from ${place}`,
          `clients there are to use one:${lab.port("one-network")}, which is listener NETWORK`,
        ],
      }),
    );
    expect(direct).toMatchObject(
      one({
        fault: "host-only",
        address,
        says: [`${address} can be used from this host`, `but not from ${place}`],
      }),
    );
  });

  test("where only containers get to", async () => {
    const [given, address] = [lab.local("one-network"), `one:${lab.port("one-network")}`];
    const place = `a container on network "${lab.network}"`;
    const [advertised, direct] = await Promise.all([
      diagnose("here", given),
      diagnose("here", address),
    ]);
    expect(advertised).toMatchObject(
      one({
        fault: "network-only",
        address,
        brokerId: 1,
        says: [
          `you reached ${given}, but broker 1 sends clients to ${address}`,
          `which can be used from ${place} (container "${lab.container("one")}"), but not from this host`,
        ],
      }),
    );
    expect(direct).toMatchObject(
      one({
        fault: "network-only",
        address,
        says: [`${address} can be used from ${place}`, "but not from this host"],
      }),
    );
  });
});

describe("a Kafka that others configured is told of in the words of its own settings", () => {
  test("where its name is not known here", async () => {
    const [given, address] = [lab.local("foreign-lan"), `kafka.lan:${lab.port("foreign-lan")}`];
    const report = await diagnose("here", given);
    expect(report).toMatchObject(
      one({
        fault: "unresolved",
        address,
        brokerId: 0,
        says: [
          `you reached ${given}, but broker 0 sends clients to ${address}`,
          `set KAFKA_CFG_ADVERTISED_LISTENERS of container "${lab.container("foreign")}" to `,
          `PLAINTEXT://foreign:9092,EXTERNAL://${lab.local("foreign-host")},LAN://${given}`,
          `or begin at ${lab.local("foreign-host")}, which is listener EXTERNAL`,
        ],
      }),
    );
  });

  test("where it sends containers to localhost", async () => {
    const [given, address] = [`foreign:${lab.port("foreign-host")}`, lab.local("foreign-host")];
    const report = await diagnose("here", given, "--from", `network:${lab.network}`);
    expect(report).toMatchObject(
      one({
        fault: "localhost",
        address,
        brokerId: 0,
        says: [
          `you reached ${given}, but broker 0 sends clients to ${address}`,
          "which from there is the container itself",
          `clients there are to use foreign:9092, which is listener PLAINTEXT of container "${lab.container("foreign")}"`,
        ],
      }),
    );
  });

  test("where nothing but the address is known of it", async () => {
    const [given, address] = [lab.lan("foreign-host"), lab.local("foreign-host")];
    expect(await diagnose("elsewhere", given)).toMatchObject(
      one({
        fault: "localhost",
        address,
        brokerId: 0,
        says: ["advertised.listeners of broker 0", given],
      }),
    );
  });
});

describe("an address is slower than a client's time-out", () => {
  test("and no more than its answers: no client gives up as soon as that", async () => {
    const report = await diagnose("here", lab.local("relay"));
    expect(report).toMatchObject({ usable: true, findings: [] });
  });

  test("by its connections, each first attempt of which is lost", async () => {
    const [given, address] = [lab.lan("one-far"), lab.lan("slow")];
    expect(await diagnose("elsewhere", given)).toMatchObject(
      one({
        fault: "slow",
        severity: "warning",
        address,
        brokerId: 1,
        says: ["it took ", ` ms to connect to ${address}`, "connectionTimeout"],
      }),
    );
  });
});

describe("the gate of a deploy sees the same", () => {
  /** Asks it about one listener of the three brokers, whose containers it takes for ready. */
  async function gate(
    vantage: "network" | "host",
    address: (id: number) => string,
  ): Promise<{ exitCode: number | undefined; said: string }> {
    const brokers = [1, 2, 3].map((id) => ({
      id,
      container: lab.container(`three-${id}`),
      address: address(id),
    }));
    const listeners = [{ name: "TRIED", vantage, network: lab.network, brokers }];
    const question = JSON.stringify({ containers: [], listeners, timeoutSeconds: 0 });
    const [program = "", ...args] = gateProgram();
    const { exitCode, all } = await execa(program, [...args, question], {
      all: true,
      reject: false,
      timeout: GENEROUS_SECONDS * 1000,
    });
    return { exitCode, said: all };
  }

  test("and opens where every broker is reached, from the host and from the network", async () => {
    const open = { exitCode: 0, said: "" };
    expect(await gate("host", (id) => lab.local(`three-${id}-host`))).toEqual(open);
    expect(await gate("network", (id) => `three-${id}:9092`)).toEqual(open);
  });

  test("and stays shut where one of three advertises a port that nobody has", async () => {
    const { exitCode, said } = await gate("host", (id) => lab.local(`three-${id}-odd`));
    expect(exitCode).toBe(1);
    expect(said).toContain(
      `listener "TRIED": you reached ${lab.local("three-1-odd")}, but broker 3 sends clients to ${lab.local("nobody")}`,
    );
  });

  test("and stays shut where two brokers are mixed up", async () => {
    const { exitCode, said } = await gate("host", (id) => lab.local(`three-${id}-swapped`));
    expect(exitCode).toBe(1);
    expect(said).toMatch(/broker 1 sends clients to localhost:\d+, where broker 2 answers/);
  });

  test("and stays shut where containers are sent to their own localhost", async () => {
    const { exitCode, said } = await gate(
      "network",
      (id) => `three-${id}:${lab.port(`three-${id}-host`)}`,
    );
    expect(exitCode).toBe(1);
    expect(said).toContain(`broker 2 sends clients to ${lab.local("three-2-host")}`);
  });
});

test("it ends, whatever the other side does", async () => {
  const { strangers } = lab;
  const [silent, dripping, flooding] = [
    await strangers.silent(),
    await strangers.dripping(),
    await strangers.flooding(),
  ].map((port) => `localhost:${port}`) as [string, string, string];
  const good = lab.local("old-host");
  const report = await diagnose(
    "here",
    [silent, dripping, flooding, good].join(),
    "--seconds",
    "5",
  );
  expect(report.addresses.map(({ address, usable }) => [address, usable])).toEqual([
    [silent, false],
    [dripping, false],
    [flooding, false],
    [good, true],
  ]);
  expect(report.findings.map(({ fault, address }) => [fault, address])).toEqual([
    ["silent", silent],
    ["not-kafka", dripping],
    ["not-kafka", flooding],
  ]);
});

/** In this order: one leads to the next. */
describe.sequential("a broker answers, but is not ready", () => {
  const [host, other] = ["three-1-host", "three-2-host"];

  test("while the brokers are down that keep the consumer groups", async () => {
    await lab.stop("three-3");
    const address = lab.local(host);
    const report = await diagnose("here", address);
    expect(report.findings.map(({ fault, address: each }) => [fault, each])).toEqual([
      ["no-coordinator", address],
      ["no-coordinator", lab.local(other)],
    ]);
    const [{ message }] = report.findings as [Finding];
    expect(message).toContain("has no coordinator for consumer groups");
    expect(message).toContain("start the brokers that hold __consumer_offsets");
    expect(report.usable).toBe(false);

    const stopped = lab.local("three-3-host");
    expect(await diagnose("here", stopped)).toMatchObject(
      one({
        fault: "refused",
        address: stopped,
        says: [
          `${stopped} refuses connections`,
          `container "${lab.container("three-3")}" is exited`,
        ],
      }),
    );
  });

  test("while the coordinator reads what it has", async () => {
    await lab.burden("three-3");
    await lab.startAgain("three-3");
    const address = lab.local("three-3-host");
    await expect
      .poll(async () => (await diagnose("here", address)).findings, {
        timeout: 60_000,
        interval: 500,
      })
      .toEqual([
        {
          fault: "coordinator-loading",
          severity: "error",
          address,
          brokerId: 3,
          message: expect.stringContaining(
            "still reads the state of the consumer groups (__consumer_offsets): nothing needs to be set",
          ),
        },
      ]);
    await lab.kill("three-3");
  });

  test("while there is no controller", async () => {
    await lab.kill("three-controller");
    const address = lab.local(host);
    const report = await diagnose("here", address, "--seconds", "10");
    const missing = report.findings.filter(({ fault }) => fault === "no-controller");
    expect(missing.map(({ address: each }) => each)).toContain(address);
    expect(missing[0]?.message).toContain("has no controller");
    expect(missing[0]?.message).toContain("start more than half of the controllers");
    expect(report.usable).toBe(false);
  });
});
