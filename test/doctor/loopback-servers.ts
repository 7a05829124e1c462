import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import type { Address } from "../../doctor/address.ts";
import { int32 } from "../../doctor/protocol.ts";

/** Servers of a test, each on a free port of this machine's loopback. */
export class LoopbackServers {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** A server for which a connection is all that it knows of Kafka. */
  async serve(handle: (socket: Socket) => void): Promise<Address> {
    return this.listen(createServer({ allowHalfOpen: true }, handle));
  }

  /** Any server of Node's. */
  async listen(server: Server): Promise<Address> {
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    for (const server of this.#servers.splice(0)) server.close();
  }
}

/** A request as it came. */
export interface Request {
  readonly key: number;
  readonly version: number;
  readonly bytes: Buffer;
}

/** What comes behind the correlation id; `hang up` closes the connection, nothing is silence. */
export type Answer = Buffer | "hang up" | undefined;

/** Speaks Kafka on a connection, as far as somebody else knows the answers. */
export function speakKafka(socket: Socket, answer: (request: Request) => Answer): void {
  let received = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4) {
      const length = received.readInt32BE(0);
      // What is not Kafka, as Kafka does.
      if (length > 1_000_000 || length < 8) return socket.destroy();
      if (received.length < 4 + length) return;
      const bytes = received.subarray(4, 4 + length);
      received = received.subarray(4 + length);
      const said = answer({ key: bytes.readInt16BE(0), version: bytes.readInt16BE(2), bytes });
      if (said === "hang up") return socket.destroy();
      if (said === undefined) continue;
      socket.write(Buffer.concat([int32(4 + said.length), bytes.subarray(4, 8), said]));
    }
  });
}
