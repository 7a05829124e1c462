/**
 * The way out of a host that has none: it leads whoever asks for Docker Hub to a registry on this host, and
 * nobody to anywhere else. It says what it is asked for. Once it has passed so much on, it stops itself as
 * SIGSTOP does, so that a test may do something in the middle of a pull.
 *
 * Arguments: its own port, the registry's, after how many bytes to stop.
 */
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";

const [port, registry, haltAfter] = process.argv.slice(2).map(Number);
const HUB = "registry-1.docker.io:443";

let passed = 0;
let halted = false;

function count(bytes: number): void {
  passed += bytes;
  if (halted || haltAfter === undefined || passed < haltAfter) return;
  halted = true;
  console.log("halted");
  process.kill(process.pid, "SIGSTOP");
}

const server = createServer();
server.on("connect", ({ url }, client: Socket, head: Buffer) => {
  console.log(`asked for ${url}`);
  if (url !== HUB) {
    client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    return;
  }
  const upstream = connect(registry ?? 0, "127.0.0.1", () => {
    client.write("HTTP/1.1 200 OK\r\n\r\n");
    upstream.write(head);
    client.pipe(upstream);
    upstream.pipe(client);
    upstream.on("data", (chunk) => {
      count(chunk.length);
    });
  });
  // An end that breaks off takes the other one along, as on the way itself.
  upstream.on("error", () => client.destroy());
  client.on("error", () => upstream.destroy());
});
server.listen(port, "127.0.0.1", () => {
  console.log("listening");
});
