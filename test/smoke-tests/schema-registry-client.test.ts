import type { RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { connect, createServer as createNetServer } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { ServiceRefusal } from "../../smoke-tests/clients/http-client.ts";
import { SchemaRegistryClient } from "../../smoke-tests/clients/schema-registry-client.ts";
import { NoAnswer } from "../../doctor/dial.ts";

const servers: (Server | NetServer)[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server | NetServer): Promise<string> {
  servers.push(server);
  server.on("connection", (socket: Socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Asked {
  readonly line: string;
  readonly type: string | undefined;
  readonly body: string;
}

/** A registry that gives one recorded answer after another, and keeps what it was asked. */
async function registry(
  path: string,
  ...answers: readonly (readonly [status: number, body: string])[]
): Promise<{ client: SchemaRegistryClient; asked: Asked[] }> {
  const asked: Asked[] = [];
  const handle: RequestListener = (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { method, url, headers } = request;
      const [status, text] = answers[asked.length] ?? [599, "asked too often"];
      asked.push({ line: `${method} ${url}`, type: headers["content-type"], body });
      response.writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json" });
      response.end(text);
    });
  };
  const url = await listen(createServer(handle));
  return { client: new SchemaRegistryClient(`${url}${path}`, connect), asked };
}

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const schema = { type: "record", name: "User", fields: [{ name: "name", type: "string" }] };

describe("SchemaRegistryClient", () => {
  test("registers a schema as the API has it, under the path of its url", async () => {
    const { client, asked } = await registry("/apis/ccompat/v7/", [200, '{"id":1}']);
    await expect(client.register("a/b-value", schema)).resolves.toBe(1);
    expect(asked).toEqual([
      {
        line: "POST /apis/ccompat/v7/subjects/a%2Fb-value/versions",
        type: "application/vnd.schemaregistry.v1+json",
        body: JSON.stringify({ schema: JSON.stringify(schema) }),
      },
    ]);
  });

  test("reads subjects, versions, schemas and the default compatibility", async () => {
    const { client, asked } = await registry(
      "",
      [200, "[]"],
      [200, '["users-value"]'],
      [200, "[1,2]"],
      [200, JSON.stringify({ schema: JSON.stringify(schema) })],
      [200, '{"compatibilityLevel":"BACKWARD"}'],
    );
    await expect(client.subjects()).resolves.toEqual([]);
    await expect(client.subjects({ deleted: true })).resolves.toEqual(["users-value"]);
    await expect(client.versions("users-value")).resolves.toEqual([1, 2]);
    await expect(client.schemaById(7)).resolves.toEqual(schema);
    await expect(client.defaultCompatibility()).resolves.toBe("BACKWARD");
    expect(asked.map(({ line }) => line)).toEqual([
      "GET /subjects",
      "GET /subjects?deleted=true",
      "GET /subjects/users-value/versions",
      "GET /schemas/ids/7",
      "GET /config",
    ]);
  });

  test.for([
    ["configured", [200, '{"config":"BACKWARD","ruleType":"COMPATIBILITY"}'], "BACKWARD"],
    [
      "not configured",
      [404, '{"title":"No rule named \'COMPATIBILITY\' was found.","status":404}'],
      "NONE",
    ],
  ] as const)("finds Apicurio's default where it is %s", async ([, answer, level]) => {
    const { client, asked } = await registry("/proxy/apis/ccompat/v7", answer);
    await expect(client.apicurioDefaultCompatibility()).resolves.toBe(level);
    expect(asked[0]?.line).toBe("GET /proxy/apis/registry/v3/admin/rules/COMPATIBILITY");
  });

  test("deletes a subject softly, then for good", async () => {
    const { client, asked } = await registry("", [200, "[1]"], [200, "[1]"]);
    await client.removeSubject("users-value");
    expect(asked.map(({ line }) => line)).toEqual([
      "DELETE /subjects/users-value",
      "DELETE /subjects/users-value?permanent=true",
    ]);
  });

  test("goes on where a subject is not there, or softly deleted already", async () => {
    const { client, asked } = await registry(
      "",
      [404, `{"error_code":40404,"message":"Subject 'x' was soft deleted."}`],
      [404, `{"error_code":40401,"message":"Subject 'x' not found."}`],
    );
    await client.removeSubject("x");
    expect(asked).toHaveLength(2);
  });

  test("does not go on where deleting fails", async () => {
    const { client } = await registry("", [500, '{"error_code":50002,"message":"timed out"}']);
    expect(await reasonOf(client.removeSubject("x"))).toMatchObject({ errorCode: 50002 });
  });

  test.for([
    [
      409,
      '{"error_code":409,"message":"Schema being registered is incompatible with an earlier schema for subject \\"users-value\\""}',
      409,
      'POST /subjects/s/versions is answered with HTTP 409, error_code 409: Schema being registered is incompatible with an earlier schema for subject "users-value"',
    ],
    [
      422,
      '{"error_code":42201,"message":"Empty schema"}',
      42201,
      "POST /subjects/s/versions is answered with HTTP 422, error_code 42201: Empty schema",
    ],
    [
      400,
      "Unexpected end-of-input within/between Object entries\n at [Source: (…); line: 1]",
      undefined,
      "POST /subjects/s/versions is answered with HTTP 400: Unexpected end-of-input within/between Object entries",
    ],
    [
      404,
      '{"detail":"NotFoundException: no resource for /subjects","title":"no resource","status":404}',
      undefined,
      "POST /subjects/s/versions is answered with HTTP 404: NotFoundException: no resource for /subjects",
    ],
    [503, "", undefined, "POST /subjects/s/versions is answered with HTTP 503"],
  ] as const)("passes on a refusal with %i: %s", async ([status, body, errorCode, message]) => {
    const { client } = await registry("", [status, body]);
    const error = await reasonOf(client.register("s", schema));
    expect(error).toBeInstanceOf(ServiceRefusal);
    expect(error).toMatchObject({ status, errorCode, message });
  });

  test("says foreign where a success is not JSON", async () => {
    const { client } = await registry("", [200, "<!DOCTYPE html>\n<html>"]);
    expect(await reasonOf(client.subjects())).toMatchObject({
      kind: "foreign",
      detail: '"<!DOCTYPE html>"',
    });
  });

  test.for([
    ["foreign", (socket: Socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"), '"SSH-2.0-OpenSSH_9.2"'],
    ["tls", (socket: Socket) => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 70])), '"......F"'],
    ["closed", (socket: Socket) => socket.end(), "ECONNRESET"],
    ["silent", (socket: Socket) => socket.resume(), "0.3 s"],
  ] as const)("says %s of what is no registry", async ([kind, handle, detail]) => {
    const url = await listen(
      createNetServer((socket) => {
        socket.once("data", () => handle(socket));
        socket.on("error", () => {});
      }),
    );
    const error = await reasonOf(new SchemaRegistryClient(url, connect, 0.3).subjects());
    expect(error).toBeInstanceOf(NoAnswer);
    expect(error).toMatchObject({ kind, detail });
  });

  test("says refused where nothing listens", async () => {
    const url = await listen(createNetServer());
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(await reasonOf(new SchemaRegistryClient(url, connect).subjects())).toMatchObject({
      kind: "refused",
      address: url.replace("http://", ""),
    });
  });

  test("says dropped where not even the connection comes about", async () => {
    const never = () => new Duplex({ read() {}, write() {} });
    const client = new SchemaRegistryClient("http://10.0.0.1:8081", never, 0.1);
    expect(await reasonOf(client.subjects())).toMatchObject({ kind: "dropped" });
  });

  test.for(["https://localhost:8081", "localhost:8081", ""])("refuses the address %j", (url) => {
    expect(() => new SchemaRegistryClient(url, connect)).toThrow(
      `"${url}" is not the address of a Schema Registry; write http://host:port`,
    );
  });

  test.for([
    ["http://sr:8081/apis", { host: "sr", port: 8081 }],
    ["http://sr", { host: "sr", port: 80 }],
    ["http://[::1]:8081", { host: "::1", port: 8081 }],
  ] as const)("connects for %s to the right place", ([url, address]) => {
    expect(new SchemaRegistryClient(url, connect).address).toEqual(address);
  });
});
