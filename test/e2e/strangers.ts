import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Certificate } from "./certificates.ts";

/** Servers on 127.0.0.1 that take connections and are no Kafka; {@link close} ends them all. */
export class Strangers {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** A web server. @returns its port */
  async http(): Promise<number> {
    return this.#listen(createHttpServer((_, response) => response.end("hello")));
  }

  /** A web server behind TLS. @returns its port */
  async https({ key, chain }: Certificate): Promise<number> {
    return this.#listen(
      createHttpsServer({ key, cert: chain }, (_, response) => response.end("hello")),
    );
  }

  /** Speaks first, as mail and SSH servers do. @returns its port */
  async banner(text: string): Promise<number> {
    return this.#tcp((socket) => void socket.write(text));
  }

  /** Takes all and says nothing. @returns its port */
  async silent(): Promise<number> {
    return this.#tcp((socket) => void socket.resume());
  }

  /** Ends each connection at the first byte. @returns its port */
  async closing(): Promise<number> {
    return this.#tcp((socket) => void socket.once("data", () => socket.end()));
  }

  /** Says one byte a second, for ever. @returns its port */
  async dripping(): Promise<number> {
    return this.#tcp((socket) => {
      const drip = setInterval(() => socket.write(Buffer.of(0)), 1000);
      socket.once("close", () => clearInterval(drip));
      socket.resume();
    });
  }

  /** Sends as fast as it is read, for ever. @returns its port */
  async flooding(): Promise<number> {
    // As an answer of Kafka's it would have a megabyte.
    const much = Buffer.alloc(64 * 1024, Buffer.of(0, 0x10, 0, 0));
    return this.#tcp((socket) => {
      const pour = (): void => {
        while (!socket.destroyed && socket.write(much));
      };
      socket.on("drain", pour).resume();
      pour();
    });
  }

  /** Passes all on to a port of this machine, from there with a delay. */
  async relay(port: number, to: number, milliseconds: number): Promise<void> {
    const server = createServer((near) => {
      const far = connect(to, "127.0.0.1");
      for (const socket of [near, far]) this.#keep(socket);
      near.on("data", (chunk) => far.write(chunk));
      near.on("close", () => far.destroy());
      far.on("data", (chunk) => setTimeout(() => near.write(chunk), milliseconds));
      far.on("close", () => setTimeout(() => near.end(), milliseconds));
    });
    await this.#listen(server, port);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) {
      await new Promise<void>((done) => void server.close(() => done()));
    }
  }

  async #tcp(serve: (socket: Socket) => void): Promise<number> {
    return this.#listen(createServer(serve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // The other side may go when it likes.
    socket.on("error", () => {}).once("close", () => this.#sockets.delete(socket));
  }

  async #listen(server: Server, port = 0): Promise<number> {
    this.#servers.push(server);
    server.on("connection", (socket) => this.#keep(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
    return (server.address() as AddressInfo).port;
  }
}
