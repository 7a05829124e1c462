import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Address } from "../../doctor/address.ts";
import type { Dial } from "../../doctor/dial.ts";
import { look, readiness, whoAnswers, type Found } from "../../doctor/look.ts";
import { int16, int32, int8, string } from "../../doctor/protocol.ts";
import { LoopbackServers, speakKafka, type Answer, type Request } from "./loopback-servers.ts";

const dial: Dial = ({ host, port }) => connect({ host, port });
const servers = new LoopbackServers();
const serve = servers.serve.bind(servers);

/** Signed by nobody and for another name, so that a look which insists on better ones shows. */
let identity: { key: string; cert: string };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kafka-platform-kit-look-"));
  const files = ["-keyout", "key.pem", "-out", "cert.pem"];
  await execa(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other", ...files],
    { cwd: folder },
  );
  const [key, cert] = await Promise.all(
    ["key.pem", "cert.pem"].map((file) => readFile(join(folder, file), "utf8")),
  );
  identity = { key: key ?? "", cert: cert ?? "" };
});
afterEach(() => servers.close());
afterAll(() => rm(folder, { recursive: true }));

async function found(address: Address, seconds = 0.6, through = dial): Promise<Found> {
  return (await look(through, address, { seconds })).found;
}

/** A connection that takes so long to come about, as one does that begins in a container. */
function connectedAfter(milliseconds: number, to: Address): Duplex {
  const socket = dial(to);
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string | symbol, ...rest: unknown[]) => {
    if (event !== "connect") return emit(event, ...rest);
    setTimeout(() => emit(event, ...rest), milliseconds);
    return true;
  };
  return socket;
}

/** A server that speaks only within TLS. */
async function serveTls(
  handle: (socket: Socket) => void,
  options: TlsOptions = {},
): Promise<Address> {
  return servers.listen(
    createTlsServer({ ...identity, ...options }, (socket) => {
      socket.on("error", () => {});
      handle(socket);
    }),
  );
}

const METADATA = 3;
const FIND_COORDINATOR = 10;
const DESCRIBE_GROUPS = 15;
const SASL_HANDSHAKE = 17;
const API_VERSIONS = 18;
const DESCRIBE_CONFIGS = 32;
const DESCRIBE_QUORUM = 55;

type Answers = Readonly<Record<number, Answer | ((request: Request) => Answer)>>;

/** Kafka as far as these answers say; it hangs up at what it doesn't know. */
function kafka(answers: Answers): (socket: Socket) => void {
  return (socket) =>
    speakKafka(socket, (request) => {
      if (!(request.key in answers)) return "hang up";
      const answer = answers[request.key];
      return typeof answer === "function" ? answer(request) : answer;
    });
}

/** The answer to ApiVersions of somebody who takes these requests. */
function taking(...keys: readonly number[]): Buffer {
  const ranges = keys.flatMap((key) => [int16(key), int16(0), int16(9)]);
  return Buffer.concat([int16(0), int32(keys.length), ...ranges]);
}

/** The answer to Metadata. */
function cluster({ controllerId = 1, topics = [] as readonly Buffer[] } = {}): Buffer {
  const broker = [int32(1), string("kafka"), int32(9092), int16(-1)];
  return Buffer.concat([
    ...[int32(0), int32(1), ...broker, string("the-cluster"), int32(controllerId)],
    ...[int32(topics.length), ...topics],
  ]);
}

const BROKER = { [API_VERSIONS]: taking(METADATA, API_VERSIONS), [METADATA]: cluster() };
const THE_CLUSTER = {
  clusterId: "the-cluster",
  controllerId: 1,
  brokers: [{ id: 1, address: "kafka:9092" }],
  topics: {},
};

function mechanisms(code: number, ...names: readonly string[]): Buffer {
  return Buffer.concat([int16(code), int32(names.length), ...names.map(string)]);
}

/** Takes all that comes, and says nothing. */
function sayNothing(socket: Socket): void {
  socket.resume();
}

describe("look, where nothing answers", () => {
  test("says refused where nobody listens", async () => {
    const address = await serve(sayNothing);
    servers.close();
    expect(await look(dial, address, { seconds: 0.6 })).toEqual({
      address,
      found: { is: "silence", kind: "refused", detail: "ECONNREFUSED" },
      milliseconds: null,
    });
  });

  test("says unresolved for a name that is none", async () => {
    expect(await found({ host: "nosuch.invalid", port: 9092 }, 5)).toMatchObject({
      is: "silence",
      kind: "unresolved",
    });
  });

  test("says unreachable for a port that is none", async () => {
    expect(await found({ host: "127.0.0.1", port: 99_999 })).toMatchObject({
      is: "silence",
      kind: "unreachable",
    });
  });

  test("says dropped where no connection comes about, before its time is over", async () => {
    const never: Dial = () => new Duplex({ read() {}, write() {} });
    expect(await found({ host: "10.0.0.1", port: 9092 }, 0.5, never)).toEqual({
      is: "silence",
      kind: "dropped",
      detail: "0.3 s",
    });
  });

  test.for<[string, string, Found]>([
    [
      "refused where one of a name's addresses refuses",
      "ENETUNREACH,ECONNREFUSED",
      { is: "silence", kind: "refused", detail: "ECONNREFUSED" },
    ],
    [
      "how the last of a name's addresses failed",
      "ENETUNREACH,EHOSTUNREACH",
      { is: "silence", kind: "unreachable", detail: "EHOSTUNREACH" },
    ],
    [
      "how long it took where the system gave up",
      "ETIMEDOUT,ETIMEDOUT",
      { is: "silence", kind: "dropped", detail: "0 s" },
    ],
  ])("says %s", async ([, codes, expected]) => {
    // As Node tells of several attempts: the code of all is that of the first.
    const errors = codes.split(",").map((code) => Object.assign(new Error(code), { code }));
    const all = Object.assign(new AggregateError(errors), { code: errors[0]?.code });
    const failing: Dial = () => new Duplex({ read() {}, write() {} }).destroy(all);
    expect(await found({ host: "kafka.example", port: 9092 }, 5, failing)).toEqual(expected);
  });

  test.for<[string, (socket: Socket) => void]>([
    ["ends each connection", (socket) => socket.end()],
    ["ends its half at the first bytes", (socket) => socket.once("data", () => socket.end())],
    ["resets each connection", (socket) => socket.resetAndDestroy()],
    [
      "resets it at the first bytes",
      (socket) => socket.once("data", () => socket.resetAndDestroy()),
    ],
  ])("says closed where a server %s", async ([, handle]) => {
    expect(await found(await serve(handle))).toMatchObject({ is: "silence", kind: "closed" });
  });

  test("says silent where a server takes the connection and no more", async () => {
    expect(await found(await serve(sayNothing))).toEqual({
      is: "silence",
      kind: "silent",
      detail: "0.6 s",
    });
  });

  test("says what was asked where Kafka falls silent", async () => {
    const mute = kafka({ ...BROKER, [METADATA]: undefined });
    expect(await found(await serve(mute))).toEqual({
      is: "silence",
      kind: "silent",
      detail: "asked for metadata: 0.6 s",
    });
  });
});

describe("look, whatever the other side does", () => {
  const drip = (bytes: Buffer) => (socket: Socket) => {
    let at = 0;
    const timer = setInterval(() => {
      socket.write(bytes.subarray(at % bytes.length, (at % bytes.length) + 1));
      at += 1;
    }, 50);
    socket.on("close", () => clearInterval(timer));
    socket.resume();
  };
  const flood = (bytes: Buffer) => (socket: Socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(bytes));
    };
    socket.on("drain", pour);
    socket.resume();
    pour();
  };
  const megabyte = Buffer.concat([int32(1_000_000), int32(7)]);

  test.for<[string, (socket: Socket) => void]>([
    ["drips zeros", drip(Buffer.from([0]))],
    ["drips a frame that never ends", drip(Buffer.concat([int32(90_000), int32(7)]))],
    ["drips letters", drip(Buffer.from("abc"))],
    ["sends zeros for ever", flood(Buffer.alloc(65_536))],
    ["sends lines for ever", flood(Buffer.from("+OK\r\n".repeat(10_000)))],
    ["claims two gigabytes", (socket) => socket.write(int32(0x7fff_ffff))],
    ["claims a negative length", (socket) => socket.write(int32(-2))],
    ["claims a megabyte, and sends eight bytes", (socket) => socket.write(megabyte)],
    ["answers with nothing but zeros", kafka({ [API_VERSIONS]: Buffer.alloc(512) })],
    ["takes requests of nobody", kafka({ [API_VERSIONS]: taking(API_VERSIONS) })],
    ["answers something else than was asked", kafka({ [API_VERSIONS]: int16(0) })],
    [
      "claims more elements than bytes",
      kafka({ [API_VERSIONS]: Buffer.concat([int16(0), int32(0x7fff_ffff)]) }),
    ],
  ])("is over in time and sees no Kafka where a server %s", async ([, handle]) => {
    const address = await serve(handle);
    const started = performance.now();
    expect(await found(address)).toMatchObject({ is: "stranger", kind: "not-kafka", tls: false });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("takes no more from one that never stops than it needs", async () => {
    const sockets: Socket[] = [];
    const address = await serve((socket) => {
      sockets.push(socket);
      // A frame of the largest size that may be Kafka's, and then everything.
      socket.write(Buffer.concat([int32(1024 * 1024), int32(7)]));
      flood(Buffer.alloc(65_536))(socket);
    });
    expect(await found(address)).toMatchObject({ is: "stranger", kind: "not-kafka" });
    expect(sockets.length).toBeGreaterThan(0);
    for (const { bytesWritten } of sockets) expect(bytesWritten).toBeLessThan(32 * 1024 * 1024);
  });

  test.for([
    ["is silent", 0.3, "(s) => s.on('error', () => {}).resume()"],
    [
      "drips",
      0.3,
      "(s) => { s.on('error', () => {}).resume(); setInterval(() => s.destroyed || s.write('a'), 20).unref(); }",
    ],
    // Whoever waits for the end of its time shows here.
    ["hangs up", 600, "(s) => s.on('error', () => {}).end()"],
  ] as const)(
    "leaves neither socket nor timer behind where a server %s",
    async ([, seconds, handle]) => {
      const module = (name: string): string =>
        JSON.stringify(new URL(`../../doctor/${name}.ts`, import.meta.url).href);
      const script = `
      import { connect, createServer } from "node:net";
      import { Duplex } from "node:stream";
      const { look, readiness, whoAnswers } = await import(${module("look")});
      const server = createServer(${handle}).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const to = { host: "127.0.0.1", port: server.address().port };
      await look(connect, to, { seconds: ${seconds} });
      await look(() => new Duplex({ read() {}, write() {} }), to, { seconds: 0.2 });
      await whoAnswers(connect, to, "SSL", 1, ${seconds});
      await readiness(connect, to, "PLAINTEXT", ${seconds});
      server.close();
      const started = performance.now();
      process.on("exit", () => console.log(Math.round(performance.now() - started)));
    `;
      const { stdout } = await execa(
        "node",
        ["--import", "tsx", "--input-type=module", "--eval", script],
        { timeout: 30_000 },
      );
      expect(Number(stdout)).toBeLessThan(2000);
    },
  );
});

describe("look, at strangers", () => {
  test("names HTTP, and shows its first line", async () => {
    const address = await servers.listen(createHttpServer((_, response) => response.end("hello")));
    expect(await found(address)).toEqual({
      is: "stranger",
      kind: "http",
      tls: false,
      detail: '"HTTP/1.1 400 Bad Request"',
    });
  });

  test("names HTTP of a server that waits for a whole request", async () => {
    const address = await serve((socket) => {
      let received = "";
      socket.on("data", (chunk: Buffer) => {
        received += chunk.toString("latin1");
        if (received.includes("\r\n\r\n")) socket.end("HTTP/1.0 404 File not found\r\n\r\n");
      });
    });
    expect(await found(address)).toMatchObject({
      kind: "http",
      tls: false,
      detail: '"HTTP/1.0 404 File not found"',
    });
  });

  test("names HTTPS", async () => {
    const handler = (): void => {};
    const address = await servers.listen(createHttpsServer(identity, handler));
    expect(await found(address)).toMatchObject({ is: "stranger", kind: "http", tls: true });
  });

  test("names HTTPS of a server that answers in HTTP where TLS is not spoken", async () => {
    const inside = await servers.listen(createHttpsServer(identity, (_, answer) => answer.end()));
    const address = await serve((socket) => {
      socket.once("data", (begin: Buffer) => {
        if (begin[0] !== 0x16) return socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
        const onward = connect(inside);
        onward.on("error", () => {});
        onward.write(begin);
        return socket.pipe(onward).pipe(socket);
      });
    });
    expect(await found(address, 2)).toMatchObject({ is: "stranger", kind: "http", tls: true });
  });

  test.for([
    "Zookeeper version: 3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12\n",
    "srvr is not executed because it is not in the whitelist.\n",
    "This ZooKeeper instance is not currently serving requests\n",
  ])("names ZooKeeper that says %j", async (words) => {
    const address = await serve((socket) => {
      socket.once("data", (asked: Buffer) => {
        if (asked.toString() === "srvr") socket.end(words);
        else socket.destroy();
      });
    });
    expect(await found(address)).toEqual({
      is: "stranger",
      kind: "zookeeper",
      tls: false,
      detail: JSON.stringify(words.trim()),
    });
  });

  test.for([
    [
      "greets",
      (socket: Socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"),
      '"SSH-2.0-OpenSSH_9.2"',
    ],
    [
      "answers text only",
      (socket: Socket) =>
        socket.on("data", (asked: Buffer) => {
          if (asked.includes("\n")) socket.write("-ERR unknown command\r\n");
        }),
      '"-ERR unknown command"',
    ],
  ] as const)("shows what a stranger says that %s", async ([, handle, detail]) => {
    expect(await found(await serve(handle))).toEqual({
      is: "stranger",
      kind: "not-kafka",
      tls: false,
      detail,
    });
  });

  test("says TLS of a server that has only alerts", async () => {
    const alert = Buffer.from([0x15, 0x03, 0x03, 0, 2, 2, 40]);
    const address = await serve((socket) => socket.once("data", () => socket.end(alert)));
    expect(await found(address)).toEqual({
      is: "stranger",
      kind: "not-kafka",
      tls: true,
      detail: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
    });
  });

  test("says TLS of a server that says nothing within it", async () => {
    expect(await found(await serveTls(sayNothing))).toMatchObject({
      is: "stranger",
      kind: "not-kafka",
      tls: true,
    });
  });

  test.for(["TLSv1.2", "TLSv1.3"] as const)(
    "says that a server of %s wants a client's certificate",
    async (maxVersion) => {
      const demand = { requestCert: true, rejectUnauthorized: true, ca: identity.cert, maxVersion };
      expect(await found(await serveTls(kafka(BROKER), demand), 2)).toMatchObject({
        is: "stranger",
        kind: "not-kafka",
        tls: true,
        wantsCertificate: true,
        detail: expect.stringContaining("it asks for a client's certificate, then "),
      });
    },
  );
});

describe("look, at Kafka", () => {
  test("reads the metadata of a broker", async () => {
    const address = await serve(kafka(BROKER));
    const { found: seen, milliseconds } = await look(dial, address, { seconds: 5 });
    expect(seen).toEqual({
      is: "broker",
      securityProtocol: "PLAINTEXT",
      connectMilliseconds: expect.any(Number) as number,
      metadata: THE_CLUSTER,
    });
    expect(milliseconds).toBeLessThan(1000);
  });

  test("reads the metadata of a broker that takes its time", async () => {
    // What comes meanwhile waits for it, as on a busy machine.
    const late = (socket: Socket): void => void setTimeout(() => kafka(BROKER)(socket), 500);
    const { found: seen, milliseconds } = await look(dial, await serve(late), { seconds: 1.5 });
    expect(seen).toMatchObject({ is: "broker", securityProtocol: "PLAINTEXT" });
    expect(milliseconds).toBeGreaterThan(450);
  });

  test("reads the metadata within TLS, whoever the certificate is for", async () => {
    const seen = await found(await serveTls(kafka(BROKER)), 5);
    expect(seen).toEqual({
      is: "broker",
      connectMilliseconds: expect.any(Number) as number,
      securityProtocol: "SSL",
      certificate: { validFrom: expect.any(Date), validTo: expect.any(Date) },
      metadata: THE_CLUSTER,
    });
    const { validFrom, validTo } = ("certificate" in seen && seen.certificate) || {};
    expect(Number(validTo) - Number(validFrom)).toBe(2 * 24 * 3600 * 1000);
  });

  test("reads the metadata where a client's certificate is welcome, and not demanded", async () => {
    const options = { requestCert: true, rejectUnauthorized: false };
    expect(await found(await serveTls(kafka(BROKER), options), 5)).toMatchObject({
      is: "broker",
      securityProtocol: "SSL",
    });
  });

  const unauthenticated = {
    [API_VERSIONS]: BROKER[API_VERSIONS],
    [SASL_HANDSHAKE]: mechanisms(33, "SCRAM-SHA-256", "PLAIN"),
  };

  test("lists the SASL mechanisms where it must authenticate", async () => {
    expect(await found(await serve(kafka(unauthenticated)), 5)).toEqual({
      is: "sasl",
      securityProtocol: "SASL_PLAINTEXT",
      mechanisms: ["PLAIN", "SCRAM-SHA-256"],
    });
  });

  test("lists the SASL mechanisms within TLS", async () => {
    expect(await found(await serveTls(kafka(unauthenticated)), 5)).toMatchObject({
      is: "sasl",
      securityProtocol: "SASL_SSL",
      mechanisms: ["PLAIN", "SCRAM-SHA-256"],
      certificate: { validTo: expect.any(Date) },
    });
  });

  test("says closed where a broker hangs up, and not for want of SASL", async () => {
    const address = await serve(kafka({ ...unauthenticated, [SASL_HANDSHAKE]: mechanisms(34) }));
    expect(await found(address, 5)).toEqual({
      is: "silence",
      kind: "closed",
      detail: "asked for metadata: no answer before the end",
    });
  });

  test.for([
    ["PLAINTEXT", mechanisms(34)],
    ["PLAINTEXT", "hang up"],
    ["SASL_PLAINTEXT", mechanisms(33, "PLAIN")],
  ] as const)("tells a controller of KRaft, of %s", async ([securityProtocol, handshake]) => {
    const address = await serve(
      kafka({
        [API_VERSIONS]: taking(API_VERSIONS, DESCRIBE_QUORUM),
        [SASL_HANDSHAKE]: handshake,
      }),
    );
    expect(await found(address, 5)).toEqual({ is: "controller", securityProtocol });
  });

  test("asks nothing that would change anything", async () => {
    const asked: number[] = [];
    const noting: Answers = Object.fromEntries(
      Object.entries(BROKER).map(([key, answer]) => [
        key,
        (request: Request) => (asked.push(request.key), answer),
      ]),
    );
    await found(await serve(kafka(noting)), 5);
    expect(asked).toEqual([API_VERSIONS, METADATA]);
  });

  test.for([
    ["without TLS", serve, "PLAINTEXT"],
    ["within TLS", serveTls, "SSL"],
  ] as const)("sees it through what is no socket, %s", async ([, begin, securityProtocol]) => {
    const address = await begin(kafka(BROKER));
    expect(await found(address, 5, tunnelled)).toMatchObject({ is: "broker", securityProtocol });
  });
});

/** A connection that is not a socket, as one through a container. */
const tunnelled: Dial = (to) => {
  const socket = connect(to);
  const duplex = new Duplex({
    read() {},
    write: (chunk: Buffer, _, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("connect", () => duplex.emit("connect"));
  socket.on("data", (chunk: Buffer) => duplex.push(chunk));
  socket.on("end", () => duplex.push(null));
  socket.on("error", (error) => duplex.destroy(error));
  return duplex;
};

describe("whoAnswers", () => {
  const told = (code: number, message: Buffer): Buffer =>
    Buffer.concat([...[int32(0), int32(1), int16(code), message, int8(4), string("2"), int32(0)]]);

  test.for([
    ["the broker itself", told(0, int16(-1)), 2],
    [
      "another broker",
      told(42, string("Unexpected broker id, expected 1 or empty string, but received 2")),
      1,
    ],
    ["one that may not say", told(29, string("Authorization failed.")), undefined],
    ["one that hangs up", "hang up", undefined],
    ["one that is silent", undefined, undefined],
  ] as const)("knows %s", async ([, answer, id]) => {
    const address = await serve(kafka({ [DESCRIBE_CONFIGS]: answer }));
    expect(await whoAnswers(dial, address, "PLAINTEXT", 2, 0.4)).toBe(id);
  });

  test("asks within TLS", async () => {
    const address = await serveTls(kafka({ [DESCRIBE_CONFIGS]: told(0, int16(-1)) }));
    expect(await whoAnswers(dial, address, "SSL", 2, 5)).toBe(2);
  });
});

describe("readiness", () => {
  const topic = (code: number): Buffer =>
    Buffer.concat([int16(code), string("__consumer_offsets"), int8(1), int32(0)]);
  const withOffsets = cluster({ topics: [topic(0)] });
  const coordinator = (code: number): Buffer =>
    Buffer.concat([int16(code), int32(1), string("kafka"), int32(9092)]);
  const group = (code: number): Buffer =>
    Buffer.concat([
      ...[int32(1), int16(code), string("kafka-platform-kit.doctor"), string("Dead")],
      ...[string(""), string(""), int32(0)],
    ]);
  /** Tags of the header, then the first partition of the first topic. */
  const quorum = (code: number, leaderId: number): Buffer =>
    Buffer.concat([
      ...[int8(0), int16(0), int8(2), int8(19), Buffer.from("__cluster_metadata")],
      ...[int8(2), int32(0), int16(code), int32(leaderId), int32(3), Buffer.alloc(8)],
      ...[int8(1), int8(1), int8(0), int8(0), int8(0)],
    ]);
  const refused = (code: number): Buffer => Buffer.concat([int8(0), int16(code), int8(1), int8(0)]);

  const zooKeeper = {
    [API_VERSIONS]: taking(METADATA, API_VERSIONS),
    [METADATA]: withOffsets,
    [FIND_COORDINATOR]: coordinator(0),
    [DESCRIBE_GROUPS]: group(0),
  };
  const kraft = {
    ...zooKeeper,
    [API_VERSIONS]: taking(METADATA, API_VERSIONS, DESCRIBE_QUORUM),
    [DESCRIBE_QUORUM]: quorum(0, 101),
  };

  test.for<[string, Answers, readonly string[]]>([
    ["a broker of ZooKeeper", zooKeeper, []],
    ["a broker of KRaft", kraft, []],
    [
      "no controller by ZooKeeper",
      { ...zooKeeper, [METADATA]: cluster({ controllerId: -1 }) },
      ["no-controller"],
    ],
    ["no controller by KRaft", { ...kraft, [DESCRIBE_QUORUM]: quorum(0, -1) }, ["no-controller"]],
    ["a controller's error", { ...kraft, [DESCRIBE_QUORUM]: refused(41) }, ["no-controller"]],
    ["a partition's error", { ...kraft, [DESCRIBE_QUORUM]: quorum(6, 101) }, ["no-controller"]],
    ["a controller's silence", { ...kraft, [DESCRIBE_QUORUM]: undefined }, ["no-controller"]],
    ["a client that may not ask the controller", { ...kraft, [DESCRIBE_QUORUM]: refused(31) }, []],
    ["no coordinator", { ...kraft, [FIND_COORDINATOR]: coordinator(15) }, ["no-coordinator"]],
    [
      "a coordinator that says loading",
      { ...kraft, [FIND_COORDINATOR]: coordinator(14) },
      ["coordinator-loading"],
    ],
    [
      "a group that is loading",
      { ...kraft, [DESCRIBE_GROUPS]: group(14) },
      ["coordinator-loading"],
    ],
    ["another broker's group", { ...kraft, [DESCRIBE_GROUPS]: group(16) }, []],
    ["a client that may not see groups", { ...kraft, [FIND_COORDINATOR]: coordinator(30) }, []],
    [
      "offsets without a leader",
      {
        ...kraft,
        [METADATA]: cluster({ topics: [topic(5)] }),
        [FIND_COORDINATOR]: coordinator(15),
      },
      ["no-coordinator"],
    ],
    [
      "both",
      { ...kraft, [DESCRIBE_QUORUM]: undefined, [FIND_COORDINATOR]: coordinator(15) },
      ["no-controller", "no-coordinator"],
    ],
    [
      "a controller's silence where the coordinator hangs up",
      { ...kraft, [DESCRIBE_QUORUM]: undefined, [FIND_COORDINATOR]: "hang up" },
      ["no-controller"],
    ],
    ["one that says nothing", { [API_VERSIONS]: undefined }, []],
  ])("knows %s", async ([, answers, unreadiness]) => {
    const address = await serve(kafka(answers));
    expect(await readiness(dial, address, "PLAINTEXT", 0.5)).toEqual(unreadiness);
  });

  test("takes no slow way for a controller's silence", async () => {
    const near = await serve(kafka(kraft));
    const far = await serve((socket) => {
      const onwards = connect(near).on("error", () => {});
      socket.on("data", (chunk) => onwards.write(chunk));
      onwards.on("data", (chunk) => setTimeout(() => socket.write(chunk), 400));
    });
    // Time enough for two answers, one after the other, and not for a third.
    expect(await readiness(dial, far, "PLAINTEXT", 1)).toEqual([]);
  });

  test("takes no slow connection for a controller's silence", async () => {
    const address = await serve(kafka({ ...kraft, [DESCRIBE_QUORUM]: undefined }));
    let connections = 0;
    const dialSlowly: Dial = (to) => {
      connections += 1;
      return connections === 1 ? dial(to) : connectedAfter(600, to);
    };
    expect(await readiness(dialSlowly, address, "PLAINTEXT", 1)).toEqual([]);
    expect(connections).toBe(2);
  });

  test("asks for no coordinator where that would make the topic of offsets", async () => {
    const asked: number[] = [];
    const address = await serve(
      kafka({
        ...kraft,
        [METADATA]: cluster({ topics: [topic(3)] }),
        [FIND_COORDINATOR]: ({ key }) => (asked.push(key), coordinator(15)),
      }),
    );
    expect(await readiness(dial, address, "PLAINTEXT", 5)).toEqual([]);
    expect(asked).toEqual([]);
  });

  test("makes no topic by asking for it", async () => {
    const bodies: Buffer[] = [];
    const noting = ({ bytes }: Request): Buffer => (bodies.push(bytes), withOffsets);
    const address = await serve(kafka({ ...kraft, [METADATA]: noting }));
    await readiness(dial, address, "PLAINTEXT", 5);
    // The last byte says whether topics may be made.
    expect(bodies.map((body) => body.at(-1))).toEqual([0]);
  });

  test("asks within TLS", async () => {
    const answers = { ...kraft, [DESCRIBE_QUORUM]: quorum(0, -1) };
    const address = await serveTls(kafka(answers));
    expect(await readiness(dial, address, "SSL", 5)).toEqual(["no-controller"]);
  });
});
