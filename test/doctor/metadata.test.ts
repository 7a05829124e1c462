import type { Socket } from "node:net";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import type { Address } from "../../doctor/address.ts";
import { int16, int32, int8, string } from "../../doctor/protocol.ts";
import { LoopbackServers } from "./loopback-servers.ts";
import { connectionError } from "../../doctor/tunnel.ts";
import type { Dial } from "../../doctor/dial.ts";
import { NoAnswer } from "../../doctor/dial.ts";
import { askMetadata, askPartitions, askSettings } from "../../doctor/metadata.ts";

const dial: Dial = ({ host, port }) => connect({ host, port });
const never: Dial = () => new Duplex({ read() {}, write() {} });
const servers = new LoopbackServers();
const serve = servers.serve.bind(servers);

/** Answers every request with these bytes after the correlation id. */
function answering(body: Buffer): (socket: Socket) => void {
  return (socket) =>
    socket.on("data", (request: Buffer) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(4 + body.length);
      // In two pieces, as networks do.
      const bytes = Buffer.concat([length, request.subarray(8, 12), body]);
      socket.write(bytes.subarray(0, 6));
      setTimeout(() => socket.write(bytes.subarray(6)), 5);
    });
}

afterEach(() => servers.close());

async function silence(address: Address, seconds = 0.3, through = dial): Promise<NoAnswer> {
  const error = await askMetadata(through, address, { seconds }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NoAnswer);
  return error as NoAnswer;
}

describe("askMetadata", () => {
  test("says refused where nothing listens", async () => {
    const address = await serve(() => {});
    servers.close();
    expect(await silence(address)).toMatchObject({ kind: "refused", detail: "ECONNREFUSED" });
  });

  test("says unresolved for a name that is none", async () => {
    expect(await silence({ host: "kafka.invalid", port: 9092 }, 5)).toMatchObject({
      kind: "unresolved",
      address: "kafka.invalid:9092",
    });
  });

  test("says unreachable for a port that is none", async () => {
    expect(await silence({ host: "127.0.0.1", port: 99999 })).toMatchObject({
      kind: "unreachable",
    });
  });

  test("says silent, not timeout, where a server takes the connection and no more", async () => {
    const address = await serve((socket) => socket.resume());
    expect(await silence(address)).toMatchObject({ kind: "silent", detail: "0.3 s" });
  });

  test("says dropped where not even the connection comes about", async () => {
    expect(await silence({ host: "10.0.0.1", port: 9092 }, 0.1, never)).toMatchObject({
      kind: "dropped",
      address: "10.0.0.1:9092",
    });
  });

  test("says closed where a proxy with nothing behind it hangs up", async () => {
    const address = await serve((socket) => socket.end());
    expect(await silence(address)).toMatchObject({ kind: "closed" });
  });

  test("says foreign where HTTP is spoken, and shows it", async () => {
    const address = await serve((socket) =>
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
    );
    expect(await silence(address)).toMatchObject({
      kind: "foreign",
      detail: '"HTTP/1.1 400 Bad Request"',
    });
  });

  test.for([
    ["a few bytes and silence", Buffer.from("\0\0"), '".."'],
    ["another correlation id", Buffer.from([0, 0, 0, 4, 0, 0, 0, 99]), '".......c"'],
    ["an answer that ends early", Buffer.from([0, 0, 0, 4, 0, 0, 0, 7]), '"........"'],
  ] as const)("says foreign for %s", async ([, bytes, detail]) => {
    const address = await serve((socket) => socket.write(bytes));
    expect(await silence(address)).toMatchObject({ kind: "foreign", detail });
  });

  test("says tls where a server answers with an alert of it", async () => {
    const address = await serve((socket) =>
      socket.end(Buffer.from([0x15, 0x03, 0x03, 0, 2, 2, 10])),
    );
    expect(await silence(address)).toMatchObject({ kind: "tls" });
  });

  test("reads brokers, cluster id and topics", async () => {
    const body = Buffer.concat(
      [
        [int32(0), int32(2)],
        [int32(1), string("localhost"), int32(9092), int16(-1)],
        [int32(2), string("::1"), int32(9093), string("rack")],
        [string("the-cluster"), int32(1), int32(2)],
        [int16(3), string("gone"), int8(0), int32(0)],
        [int16(0), string("half"), int8(0), int32(1)],
        [int16(5), int32(0), int32(-1), int32(1), int32(1), int32(0)],
      ].flat(),
    );
    const address = await serve(answering(body));
    expect(await askMetadata(dial, address, { topics: ["gone", "half"] })).toEqual({
      clusterId: "the-cluster",
      controllerId: 1,
      brokers: [
        { id: 1, address: "localhost:9092" },
        { id: 2, address: "[::1]:9093" },
      ],
      topics: { gone: 3, half: 5 },
    });
  });
});

describe("askPartitions", () => {
  test("reads who leads and who is in sync, a partition without a leader included", async () => {
    const ids = (...all: number[]) => [int32(all.length), ...all.map(int32)];
    const body = Buffer.concat(
      [
        [int32(0), int32(0), string("the-cluster"), int32(1), int32(1)],
        [int16(0), string("t"), int8(0), int32(2)],
        [int16(5), int32(1), int32(-1), ...ids(1, 2), ...ids(1)],
        [int16(0), int32(0), int32(2), ...ids(2, 1), ...ids(2, 1)],
      ].flat(),
    );
    const address = await serve(answering(body));
    expect(await askPartitions(dial, address, undefined)).toEqual([
      { topic: "t", partition: 0, leader: 2, replicas: [2, 1], inSync: [2, 1] },
      { topic: "t", partition: 1, leader: -1, replicas: [1, 2], inSync: [1] },
    ]);
  });
});

describe("askSettings", () => {
  test("reads settings", async () => {
    const setting = Buffer.concat(
      [
        [string("advertised.listeners"), string("HOST://a:1")],
        [int8(1), int8(4), int8(0), int32(0)],
      ].flat(),
    );
    const address = await serve(answering(result(0, int16(-1), setting)));
    expect(await askSettings(dial, address, 2, ["advertised.listeners"])).toEqual({
      settings: { "advertised.listeners": "HOST://a:1" },
    });
  });

  test("tells which broker is there instead", async () => {
    const refusal = "Unexpected broker id, expected 1 or empty string, but received 2";
    const address = await serve(answering(result(42, string(refusal))));
    expect(await askSettings(dial, address, 2, [])).toEqual({ refusal, otherId: 1, settings: {} });
  });

  test("keeps a refusal that says nothing of who is there", async () => {
    const address = await serve(answering(result(29, string("Authorization failed."))));
    expect(await askSettings(dial, address, 2, [])).toEqual({
      refusal: "Authorization failed.",
      settings: {},
    });
  });
});

describe("connectionError", () => {
  test.for([
    ["tunnel: line 2: kafka: Name or service not known", "ENOTFOUND"],
    ["tunnel: kafka: Temporary failure in name resolution", "EAI_AGAIN"],
    ["tunnel: connect: Connection refused", "ECONNREFUSED"],
    ["tunnel: connect: No route to host", "EHOSTUNREACH"],
    ["tunnel: connect: Connection timed out", "ETIMEDOUT"],
    ["exec: bash: not found", undefined],
    ["ssh: connect to host 192.0.2.1 port 22: Connection refused", undefined],
  ] as const)("gives %j the code %s", ([complaint, code]) => {
    expect(connectionError(complaint)).toMatchObject({ message: complaint });
    expect(connectionError(complaint).code).toBe(code);
  });
});

/** The answer of a broker to a question about its settings. */
function result(code: number, message: Buffer, ...settings: readonly Buffer[]): Buffer {
  return Buffer.concat(
    [
      [int32(0), int32(1), int16(code), message, int8(4), string("2")],
      [int32(settings.length), ...settings],
    ].flat(),
  );
}
