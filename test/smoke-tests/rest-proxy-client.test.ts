import type { IncomingHttpHeaders, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ServiceRefusal } from "../../smoke-tests/clients/http-client.ts";
import {
  NotProduced,
  RestProxyClient,
  subscriptionAt,
} from "../../smoke-tests/clients/rest-proxy-client.ts";
import { NoAnswer } from "../../doctor/dial.ts";
import { recordingsOf } from "../stand-ins/replay.ts";

/** Answers are those of the real REST Proxy 7.0.1. */
const RECORDED = new Map(
  ["one-broker.json", "broker-down.json", "no-coordinator.json"]
    .flatMap((file) => recordingsOf("rest-proxy", file))
    .map(({ name, response }) => [name, response]),
);

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

interface Asked {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A proxy that gives one recorded answer after another, and keeps what it was asked. */
async function proxy(
  ...names: readonly string[]
): Promise<{ url: string; client: RestProxyClient; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const answer = RECORDED.get(names[asked.length] ?? "");
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      response.writeHead(answer?.status ?? 599, answer?.headers);
      response.end(answer?.body);
    });
  });
  servers.push(server);
  server.on("connection", (socket: Socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, client: new RestProxyClient(url, connect), asked };
}

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const consumer = { group: "my_json_consumer", name: "my_consumer_instance" };
const own = "/consumers/my_json_consumer/instances/my_consumer_instance";
const V2 = "application/vnd.kafka.v2+json";
const JSON_V2 = "application/vnd.kafka.json.v2+json";

describe("RestProxyClient", () => {
  test("makes the blog's four calls as the blog does", async () => {
    const { client, asked } = await proxy(
      "05-seed1-produce-jsontest",
      "06-seed2-create-consumer",
      "07-seed3-subscribe",
      "08-seed4-records-first",
    );
    await expect(
      client.produce("jsontest", [{ key: null, value: { foo: "bar" } }]),
    ).resolves.toEqual([{ partition: 0, offset: 0 }]);
    await expect(client.createConsumer(consumer)).resolves.toBe(`http://kafka-rest:8082${own}`);
    await client.subscribe(consumer, "jsontest");
    await expect(client.fetch(consumer)).resolves.toEqual([
      { topic: "jsontest", key: null, value: { foo: "bar" }, partition: 0, offset: 0 },
    ]);
    expect(asked.map(({ line, body }) => [line, body])).toEqual([
      ["POST /topics/jsontest", '{"records":[{"key":null,"value":{"foo":"bar"}}]}'],
      [
        "POST /consumers/my_json_consumer",
        '{"name":"my_consumer_instance","format":"json","auto.offset.reset":"earliest"}',
      ],
      [`POST ${own}/subscription`, '{"topics":["jsontest"]}'],
      [`GET ${own}/records`, ""],
    ]);
    expect(asked.map(({ headers }) => headers["content-type"])).toEqual([
      ...[JSON_V2, V2, V2],
      undefined,
    ]);
    expect(asked[3]?.headers.accept).toBe(JSON_V2);
  });

  test("takes an empty fetch for what it is", async () => {
    const { client } = await proxy("09-seed4-records-second");
    await expect(client.fetch(consumer)).resolves.toEqual([]);
  });

  test.for([
    [
      "10-produce-unknown-topic",
      "unknown1",
      "POST /topics/unknown1 is answered with HTTP 200, but 1 of 1 records were not written: error_code 50003: Topic unknown1 not present in metadata after 60000 ms.",
    ],
    [
      "9-broker-down-produce",
      "jsontest",
      "POST /topics/jsontest is answered with HTTP 200, but 1 of 1 records were not written: error_code 50003: Expiring 1 record(s) for jsontest-0:120000 ms has passed since batch creation",
    ],
  ] as const)("finds the error inside HTTP 200 (%s)", async ([name, topic, message]) => {
    const { client } = await proxy(name);
    const error = await reasonOf(client.produce(topic, [{ key: null, value: 1 }]));
    expect(error).toBeInstanceOf(NotProduced);
    expect(error).toMatchObject({ message, topic, errorCode: 50003 });
  });

  test("says in the proxy's own words that the brokers are gone", async () => {
    const { client } = await proxy("9-broker-down-topics");
    const error = await reasonOf(client.topics());
    expect(error).toBeInstanceOf(ServiceRefusal);
    expect(error).toMatchObject({
      status: 500,
      errorCode: 50003,
      message:
        "GET /topics is answered with HTTP 500, error_code 50003: Timed out waiting for a node assignment. Call: listNodes",
    });
  });

  test.for([
    ["31-409-consumer-exists", 409, 40902],
    ["44-415-text", 415, 415],
    ["40-422-bad-config", 422, 42204],
  ] as const)("passes on a refusal with its code (%s)", async ([name, status, errorCode]) => {
    const { client } = await proxy(name);
    const error = await reasonOf(client.createConsumer(consumer));
    expect(error).toMatchObject({ status, errorCode });
  });

  test("deletes a consumer, and one that is gone already", async () => {
    const { client, asked } = await proxy("86-delete-consumer", "87-delete-consumer-again-404");
    await client.removeConsumer(consumer);
    await client.removeConsumer(consumer);
    expect(asked.map(({ line }) => line)).toEqual([`DELETE ${own}`, `DELETE ${own}`]);
  });

  test("does not take another refusal for a consumer that is gone", async () => {
    const { client } = await proxy("56-404-path");
    expect(await reasonOf(client.removeConsumer(consumer))).toMatchObject({ status: 404 });
  });

  test("makes and deletes a topic for who has no other way", async () => {
    const { client, asked } = await proxy(
      ...["88-v3-clusters", "92-v3-create-topic", "88-v3-clusters", "99-v3-delete-topic"],
      ...["88-v3-clusters", "95-v3-topic-404"],
    );
    await client.createTopic("v3t", 2, 1);
    await client.removeTopic("v3t");
    await client.removeTopic("nope");
    const topics = "/v3/clusters/fIV3zdX6SMeir_WWiO9_fw/topics";
    expect(asked.map(({ line }) => line)).toEqual([
      ...["GET /v3/clusters", `POST ${topics}`],
      ...["GET /v3/clusters", `DELETE ${topics}/v3t`],
      ...["GET /v3/clusters", `DELETE ${topics}/nope`],
    ]);
    expect(asked[1]?.headers["content-type"]).toBe("application/json");
  });
});

describe("subscriptionAt", () => {
  test("asks at the address of the consumer, by the name in it", async () => {
    const { url, asked } = await proxy("24-subscription-get");
    const baseUri = `${url.replace("127.0.0.1", "rest.example")}${own}`;
    const dialled: string[] = [];
    const topics = await subscriptionAt(baseUri, ({ host, port }) => {
      dialled.push(host);
      return connect({ host: "127.0.0.1", port });
    });
    expect(topics).toEqual(["jsontest"]);
    expect(dialled).toEqual(["rest.example"]);
    expect(asked[0]?.line).toBe(`GET ${own}/subscription`);
    expect(asked[0]?.headers.host).toMatch(/^rest\.example:\d+$/);
  });

  test("fails where nobody is", async () => {
    const { url } = await proxy();
    servers.pop()?.close();
    const error = await reasonOf(subscriptionAt(`${url}${own}`, connect));
    expect(error).toBeInstanceOf(NoAnswer);
    expect(error).toMatchObject({ kind: "refused" });
  });

  test("fails where another proxy is", async () => {
    const { url } = await proxy("33-404-instance-records");
    expect(await reasonOf(subscriptionAt(`${url}${own}`, connect))).toMatchObject({
      errorCode: 40403,
    });
  });

  test.for(["", "rest-proxy:8082", "https://rest-proxy/consumers"])(
    'refuses "%s", which is no http address',
    async (uri) => {
      expect(String(await reasonOf(subscriptionAt(uri, connect)))).toContain(
        `"${uri}" is not the address of a REST Proxy`,
      );
    },
  );
});
