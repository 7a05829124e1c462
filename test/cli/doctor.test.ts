import { createServer, type AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { doctorOnEnvironment } from "../../cli/doctor.ts";
import { main } from "../../cli/main.ts";
import type { DoctorReport } from "../../doctor/report.ts";
import { listenToConsole } from "./console.ts";

async function call(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const heard = listenToConsole();
  const status = await main(["doctor", ...args]);
  return { status, out: heard.out.join("\n"), err: heard.err.join("\n") };
}

/** A server that speaks HTTP, whatever it is asked. */
async function web(): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("wrong usage of doctor", () => {
  it.each<[string, readonly string[], string]>([
    ["nothing", [], "name an environment, or give the addresses of brokers (host:port,…)"],
    [
      "no port",
      ["kafka"],
      '"kafka" has no port; write kafka:9092, or whichever it is, or name an environment (',
    ],
    ["one of several without a port", ["a:1,b"], '"b" has no port; write b:9092, or whichever it'],
    ["a port that is none", ["a:65536"], '"a:65536": 65536 is no port; write 1 to 65535'],
    ["an address with a protocol", ["SSL://a:1"], '"SSL://a:1" is not an address; write host:port'],
    [
      "a network without saying so",
      ["a:1", "--from", "dev"],
      '--from "dev" is no place; write network:<docker network>, or leave it out',
    ],
    [
      "a protocol with users",
      ["a:1", "--security-protocol", "SASL_SSL"],
      '--security-protocol "SASL_SSL" is none of PLAINTEXT and SSL; no user is logged in here',
    ],
    ["no time", ["a:1", "--seconds", "0"], '--seconds "0" is not a number from 2 to 300'],
    [
      "a place for an environment",
      ["dev", "--from", "host"],
      '--from is for addresses, and "dev" is an environment, whose listeners say so themselves',
    ],
    ["two words", ["a:1", "b:1"], '"b:1" is too much'],
  ])("is refused: %s", async (_, args, complaint) => {
    const { status, out, err } = await call(...args);
    expect(err).toContain(`error: ${complaint}`);
    expect(err).toContain("npm run doctor -- <host:port,…>");
    expect({ status, out }).toEqual({ status: 2, out: "" });
  });
});

describe("doctor", () => {
  it("ends with 1 where an address cannot be used, and says why", async () => {
    const port = await web();
    const { status, out, err } = await call(`127.0.0.1:${port}`, "--seconds", "4");
    expect(out).toContain(
      `error: 127.0.0.1:${port} answers in HTTP, not as Kafka: "HTTP/1.1 400 Bad Request"; give the address of a Kafka broker`,
    );
    expect(out).toMatch(/\n\nusable from this host: no$/);
    expect({ status, err }).toEqual({ status: 1, err: "" });
  });

  it("takes addresses as Java's clients do, with a comma at the end", async () => {
    const port = await web();
    const { out } = await call(`127.0.0.1:${port}, `, "--json", "--seconds", "4");
    expect(JSON.parse(out)).toMatchObject({ bootstrap: [`127.0.0.1:${port}`] });
  });

  it("tries nobody's localhost but its own: of an engine elsewhere, it says where to look", async () => {
    const { out } = listenToConsole();
    const usable = await doctorOnEnvironment(
      {
        environment: "far",
        docker: { host: "ssh://docker.example.org", network: "far-network" },
        labels: {},
        kafka: {
          metadata: "kraft",
          brokers: [{ id: 1, container: "far-kafka-1" }],
          listeners: {
            HOST: { vantage: "host", bootstrapServers: "localhost:9092", security: "PLAINTEXT" },
          },
        },
        services: {},
        clients: { kafkajs: {}, librdkafka: {}, java: {} },
      },
      { seconds: 4, json: true },
    );
    expect(usable).toBe(false);
    expect(JSON.parse(out.join("\n"))).toEqual({
      format: 1,
      environment: "far",
      usable: false,
      listeners: {},
      notTried: {
        HOST: "its clients stand on the machine of the engine at ssh://docker.example.org; run the doctor there",
      },
    });
  });

  it("prints nothing but JSON where that is wanted", async () => {
    const port = await web();
    const { status, out, err } = await call(`127.0.0.1:${port}`, "--json", "--seconds", "4");
    const report = JSON.parse(out) as DoctorReport;
    expect(report).toEqual({
      format: 1,
      from: "host",
      bootstrap: [`127.0.0.1:${port}`],
      securityProtocol: "PLAINTEXT",
      usable: false,
      clusterId: null,
      addresses: [
        {
          address: `127.0.0.1:${port}`,
          bootstrap: true,
          advertisedBy: [],
          usable: false,
          securityProtocol: null,
          saslMechanisms: [],
          milliseconds: expect.any(Number) as number,
        },
      ],
      findings: [
        {
          fault: "http",
          severity: "error",
          address: `127.0.0.1:${port}`,
          brokerId: null,
          message: expect.any(String) as string,
        },
      ],
      milliseconds: expect.any(Number) as number,
    });
    expect({ status, err }).toEqual({ status: 1, err: "" });
  });
});
