import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ConnectClient } from "../../smoke-tests/clients/connect-client.ts";
import { ServiceRefusal } from "../../smoke-tests/clients/http-client.ts";

type Answer = readonly [status: number, body: unknown];

/** What Connect says while its workers rebalance. */
const REBALANCING: Answer = [
  409,
  {
    error_code: 409,
    message:
      "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)",
  },
];

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A worker that gives one recorded answer after another, the last one for ever, and keeps what it was asked. */
async function worker(
  ...answers: readonly Answer[]
): Promise<{ client: ConnectClient; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const [status, answer] = answers[asked.length] ?? answers.at(-1) ?? [599, ""];
      asked.push([request.method, request.url, body].filter(Boolean).join(" "));
      response.writeHead(status, { "content-type": "application/json" });
      response.end(status === 204 ? undefined : JSON.stringify(answer));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: new ConnectClient(url, connect, 5, 1), asked };
}

function unknown(message: string): Answer {
  return [404, { error_code: 404, message }];
}

describe("ConnectClient", () => {
  test("asks for worker, connectors and plugins", async () => {
    const about = { version: "4.1.1", commit: "be816b82d25370ce", kafka_cluster_id: "4L6g3nShT" };
    const plugins = [{ class: "org.example.Source", type: "source", version: "1" }];
    const { client, asked } = await worker([200, about], [200, ["lines"]], [200, plugins]);
    await expect(client.worker()).resolves.toEqual(about);
    await expect(client.connectors()).resolves.toEqual(["lines"]);
    await expect(client.plugins()).resolves.toEqual(plugins);
    expect(asked).toEqual(["GET /", "GET /connectors", "GET /connector-plugins"]);
  });

  test("makes a connector by its configuration alone, whatever its name", async () => {
    const { client, asked } = await worker([201, {}]);
    await client.configure("a/b", { "tasks.max": "1" });
    expect(asked).toEqual(['PUT /connectors/a%2Fb/config {"tasks.max":"1"}']);
  });

  test("waits while the workers rebalance, then goes on with the same request", async () => {
    const { client, asked } = await worker(REBALANCING, REBALANCING, [201, {}]);
    await client.configure("lines", {});
    expect(asked).toEqual(Array(3).fill("PUT /connectors/lines/config {}"));
  });

  test("gives up on workers that rebalance without end, in Connect's words", async () => {
    const { client } = await worker(REBALANCING);
    await expect(client.remove("lines")).rejects.toThrow(
      "waited 1 s for Connect's workers to have rebalanced; the last answer was: DELETE /connectors/lines is answered with HTTP 409, error_code 409: Cannot complete request momentarily",
    );
  });

  test("does not wait after any other refusal", async () => {
    const { client, asked } = await worker([400, { error_code: 400, message: "tasks.max is -1" }]);
    await expect(client.configure("lines", {})).rejects.toThrow(
      new ServiceRefusal(
        "PUT /connectors/lines/config",
        400,
        '{"error_code":400,"message":"tasks.max is -1"}',
      ),
    );
    expect(asked).toHaveLength(1);
  });

  test("knows a connector, and one that is not there", async () => {
    const { client } = await worker([200, { name: "lines" }], unknown("Connector lines not found"));
    await expect(client.has("lines")).resolves.toBe(true);
    await expect(client.has("lines")).resolves.toBe(false);
  });

  test("has no status where Connect has none yet", async () => {
    const status = {
      name: "lines",
      connector: { state: "RUNNING", worker_id: "connect:8083" },
      tasks: [],
    };
    const { client } = await worker(unknown("No status found for connector lines"), [200, status]);
    await expect(client.status("lines")).resolves.toBeUndefined();
    await expect(client.status("lines")).resolves.toEqual(status);
  });

  test("tells a connector that was removed from one that was not there", async () => {
    const { client } = await worker([204, ""], unknown("Connector lines not found"));
    await expect(client.remove("lines")).resolves.toBe(204);
    await expect(client.remove("lines")).resolves.toBe(404);
  });

  test("takes a path that a server does not have for no answer on a connector", async () => {
    const { client } = await worker(unknown("HTTP 404 Not Found"));
    await expect(client.has("lines")).rejects.toThrow("error_code 404: HTTP 404 Not Found");
  });
});
