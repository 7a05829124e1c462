import { createServer, type AddressInfo, type Socket } from "node:net";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";
import { Probe } from "../../../constructs/private/probe.ts";

/**
 * A server that does this with every connection, until the test has ended.
 *
 * @param end of a question, which may come in pieces
 */
async function serve(
  answer: (socket: Socket, question: string) => void,
  end = "",
): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let question = "";
    socket.on("data", (data) => {
      question += String(data);
      if (question.endsWith(end)) answer(socket, question);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Asks as the engine would, in its own 5 seconds. */
async function ask(probe: Probe): Promise<"ready" | "not ready" | "no answer"> {
  const [form, file = "", ...args] = probe.command;
  expect(form).toBe("CMD");
  const { exitCode, timedOut } = await execa(file, args, { reject: false, timeout: 5000 });
  if (timedOut) return "no answer";
  return exitCode === 0 ? "ready" : "not ready";
}

/** A port that nobody listens on any more. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it.each([
  { title: "Kafka", probe: (port: number) => Probe.kafka("127.0.0.1", port) },
  { title: "ZooKeeper", probe: (port: number) => Probe.zooKeeper("127.0.0.1", port) },
  { title: "HTTP", probe: (port: number) => Probe.http("127.0.0.1", port, "/") },
])("$title is not ready while nobody listens", async ({ probe }) => {
  expect(await ask(probe(await freePort()))).toBe("not ready");
});

it("Kafka is ready when it answers the question for its versions", async () => {
  const asked: string[] = [];
  const port = await serve((socket, question) => {
    asked.push(Buffer.from(question).toString("hex"));
    socket.write(Buffer.from("0000000a00000000000000000000", "hex"));
  }, "\u{fffd}\u{fffd}");
  expect(await ask(Probe.kafka("127.0.0.1", port))).toBe("ready");
  // Length, ApiVersions, version 0, no correlation, no client id (which is no text).
  expect(asked).toEqual([`0000000a0012000000000000${"efbfbd".repeat(2)}`]);
});

it("Kafka is not ready when it hangs up", async () => {
  const port = await serve((socket) => socket.end());
  expect(await ask(Probe.kafka("127.0.0.1", port))).toBe("not ready");
});

it.each([
  { said: "Zookeeper version: 3.6.3\nMode: standalone\nNode count: 5\n", answer: "ready" },
  {
    said: "This ZooKeeper instance is not currently serving requests\n",
    answer: "not ready",
  },
  { said: "srvr is not executed because it is not in the whitelist.\n", answer: "not ready" },
])("ZooKeeper is $answer when it says $said", async ({ said, answer }) => {
  const port = await serve((socket, question) => socket.end(question === "srvr" ? said : ""), "r");
  expect(await ask(Probe.zooKeeper("127.0.0.1", port))).toBe(answer);
});

it.each([
  { status: "HTTP/1.1 200 OK", answer: "ready" },
  { status: "HTTP/1.0 200 OK", answer: "ready" },
  { status: "HTTP/1.1 503 Service Unavailable", answer: "not ready" },
  { status: "HTTP/1.1 404 Not Found", answer: "not ready" },
  { status: "nonsense 200 ", answer: "not ready" },
])("HTTP is $answer when it answers $status", async ({ status, answer }) => {
  const asked: string[] = [];
  const port = await serve((socket, question) => {
    asked.push(question);
    socket.end(`${status}\r\nContent-Length: 2\r\n\r\n{}`);
  }, "\r\n\r\n");
  expect(await ask(Probe.http("127.0.0.1", port, "/subjects"))).toBe(answer);
  expect(asked).toEqual(["GET /subjects HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"]);
});

/** What ksqlDB answers to `GET /healthcheck`, with status 200 all the while. */
const health = (isHealthy: boolean, kafka: boolean): string =>
  JSON.stringify({
    isHealthy,
    details: { metastore: { isHealthy: true }, kafka: { isHealthy: kafka } },
  });
const HEALTHY = '{"isHealthy":true,"details"';

it.each([
  { title: "it is healthy", body: health(true, true), answer: "ready" },
  { title: "it is not, though a part of it is", body: health(false, false), answer: "not ready" },
  { title: "the right words come later", body: `[${health(true, true)}]`, answer: "not ready" },
  {
    title: "the right words come after a blank line",
    body: `x\r\n\r\n${HEALTHY}`,
    answer: "not ready",
  },
  { title: "there is no body", body: "", answer: "not ready" },
])("HTTP with a body that must begin so is $answer when $title", async ({ body, answer }) => {
  const port = await serve((socket) => {
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }, "\r\n\r\n");
  expect(await ask(Probe.http("127.0.0.1", port, "/healthcheck", HEALTHY))).toBe(answer);
});

it("HTTP with a body that must begin so is not ready when the status is another", async () => {
  const port = await serve((socket) => {
    socket.end(`HTTP/1.1 503 Service Unavailable\r\n\r\n${HEALTHY}:{}}`);
  }, "\r\n\r\n");
  expect(await ask(Probe.http("127.0.0.1", port, "/healthcheck", HEALTHY))).toBe("not ready");
});

it("HTTP with a body that must begin so looks at it in time where the server does not hang up", async () => {
  const port = await serve((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n\r\n${HEALTHY}:{}}`);
  }, "\r\n\r\n");
  expect(await ask(Probe.http("127.0.0.1", port, "/healthcheck", HEALTHY))).toBe("ready");
});

it("HTTP takes the body's beginning for text, not for a pattern or a shell's words", async () => {
  const begins = `it's * [a] $HOME "`;
  const port = await serve((socket) => {
    socket.end(`HTTP/1.1 200 OK\r\n\r\n${begins}, and more`);
  }, "\r\n\r\n");
  expect(await ask(Probe.http("127.0.0.1", port, "/", begins))).toBe("ready");
  expect(await ask(Probe.http("127.0.0.1", port, "/", "*more"))).toBe("not ready");
});

it("gives up by itself on a service that takes the question and stays silent", async () => {
  const port = await serve(() => {});
  const answers = await Promise.all([
    ask(Probe.http("127.0.0.1", port, "/")),
    ask(Probe.http("127.0.0.1", port, "/", HEALTHY)),
    ask(Probe.zooKeeper("127.0.0.1", port)),
    // As a broker does that has opened its port and is not registered yet.
    ask(Probe.kafka("127.0.0.1", port)),
  ]);
  expect(answers).toEqual(["not ready", "not ready", "not ready", "not ready"]);
});
