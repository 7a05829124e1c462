import type { Duplex } from "node:stream";
import { Socket, isIP } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Address } from "./address.ts";
import { formatAddress } from "./address.ts";
import { messageOf } from "./deadline.ts";
import type { Dial, SilenceKind } from "./dial.ts";
import { NoAnswer, silenceOf } from "./dial.ts";
import { CORRELATION_ID, frame, Reader, type Question } from "./protocol.ts";

/** No answer to the requests made here comes near it; what claims more is not Kafka. */
const LARGEST_ANSWER = 1024 * 1024;
/** Enough of a text to know who speaks. */
const FEW_WORDS = 120;

/** From when to when a server's certificate is valid. */
export interface Validity {
  readonly validFrom: Date;
  readonly validTo: Date;
}

/** Why TLS gave no answer: its server wants a certificate of the client, and got none. */
export class WantsCertificate extends NoAnswer {
  constructor(address: string, detail: string) {
    super("tls", address, `it asks for a client's certificate, then ${detail}`);
    this.name = "WantsCertificate";
  }
}

/** How a connection is made. */
interface Opening {
  /** The end of the attempt, on the clock of `performance.now()`. */
  readonly until: number;
  /** Whether TLS is spoken on it, whoever the certificate is for. */
  readonly tls?: boolean;
}

/** Who waits for bytes. */
interface Waiter {
  readonly size: number;
  resolve(received: Buffer): void;
  reject(reason: NoAnswer): void;
}

/**
 * A connection on which one question is asked after another, each with a deadline. Whatever the
 * other side does, it holds a bounded number of bytes, and nothing once it is closed.
 */
export class Connection {
  /** Of the server, where TLS is spoken. */
  readonly certificate: Validity | undefined;
  readonly #address: string;
  readonly #link: Duplex;
  readonly #secure: TLSSocket | undefined;
  readonly #certificateAsked: boolean;
  readonly #dialled: number;
  /** From the attempt to connect until the connection stood, TLS included. */
  readonly connectMilliseconds: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #waiter: Waiter | undefined;
  #end: NoAnswer | undefined;
  #firstBytes: number | undefined;

  private constructor(
    address: string,
    link: Duplex,
    secure: TLSSocket | undefined,
    dialled: number,
  ) {
    this.#address = address;
    this.#link = link;
    this.#secure = secure;
    this.#dialled = dialled;
    this.connectMilliseconds = Math.round(performance.now() - dialled);
    this.#certificateAsked = secure !== undefined && asksForCertificate(secure);
    this.certificate = secure === undefined ? undefined : validityOf(secure);
    const stream = secure ?? link;
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.on("end", () => this.#finish("closed", "no answer before the end"));
    stream.on("error", (error: NodeJS.ErrnoException) => {
      const detail = error.code ?? error.message;
      this.#finish(detail.startsWith("ERR_SSL") ? "tls" : silenceOf(error), detail);
    });
    stream.on("close", () => this.#finish("closed", "no answer before the end"));
    if (stream.destroyed) this.#finish("closed", "no answer before the end");
  }

  /**
   * Connects, and shakes hands where TLS is asked for.
   *
   * @throws NoAnswer `tls` where the handshake ends in an alert, `foreign` where it is answered in
   *   something else than TLS
   */
  static async open(dial: Dial, to: Address, { until, tls = false }: Opening): Promise<Connection> {
    const dialled = performance.now();
    const address = formatAddress(to);
    const link = await reach(dial, to, until);
    const secure = tls ? await shakeHands(link, to, until) : undefined;
    return new Connection(address, link, secure, dialled);
  }

  /** Milliseconds from the attempt to connect to the first bytes; null before them. */
  get milliseconds(): number | null {
    return this.#firstBytes === undefined ? null : Math.round(this.#firstBytes - this.#dialled);
  }

  /**
   * Asks in Kafka's protocol.
   *
   * @throws NoAnswer
   */
  async ask<T>(question: Question<T>, until: number): Promise<T> {
    this.#write(frame(question));
    const head = await this.#atLeast(4, until);
    if (head[0] === 0x15 && head[1] === 0x03) throw this.#noAnswer("tls", show(head));
    const length = head.readInt32BE(0);
    if (length < 4 || length > LARGEST_ANSWER) throw this.#noAnswer("foreign", show(head));
    const bytes = await this.#atLeast(4 + length, until);
    const answer = new Reader(bytes.subarray(4, 4 + length));
    try {
      if (answer.int32() !== CORRELATION_ID) throw new RangeError("the answer to something else");
      if (question.flexible === true) answer.tags();
      const value = question.read(answer);
      this.#chunks = [bytes.subarray(4 + length)];
      this.#size -= 4 + length;
      return value;
    } catch {
      throw this.#noAnswer("foreign", show(bytes));
    }
  }

  /**
   * Says something in another protocol.
   *
   * @returns the first line of what is said back, or as much of it as comes
   * @throws NoAnswer
   */
  async say(text: string, until: number): Promise<string> {
    this.#write(Buffer.from(text, "latin1"));
    let received = Buffer.alloc(0);
    while (received.length < FEW_WORDS && !received.includes("\n")) {
      try {
        received = Buffer.from(await this.#atLeast(received.length + 1, until));
      } catch (error) {
        if (received.length === 0) throw error;
        break;
      }
    }
    return firstLine(received);
  }

  /** Lets go of it at once. */
  close(): void {
    this.#finish("closed", "closed from here");
    this.#secure?.destroy();
    this.#link.destroy();
    this.#chunks = [];
    this.#size = 0;
  }

  #write(bytes: Buffer): void {
    (this.#secure ?? this.#link).write(bytes);
  }

  #take(chunk: Buffer): void {
    this.#firstBytes ??= performance.now();
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#waiter !== undefined && this.#size >= this.#waiter.size) {
      this.#waiter.resolve(this.#received());
    }
    // Nobody asked for so much.
    if (this.#size > 2 * LARGEST_ANSWER) {
      this.#finish("foreign", show(this.#received()));
      this.close();
    }
  }

  #finish(kind: SilenceKind, detail: string): void {
    // With TLS 1.3 clients learn only after the handshake that their certificate is missed.
    this.#end ??=
      this.#certificateAsked && this.#firstBytes === undefined
        ? new WantsCertificate(this.#address, detail)
        : this.#noAnswer(kind, detail);
    this.#waiter?.reject(this.#noMore(this.#end));
  }

  /** Everything that came and was not read yet, from this many bytes on. */
  #atLeast(size: number, until: number): Promise<Buffer> {
    if (this.#size >= size) return Promise.resolve(this.#received());
    if (this.#end !== undefined) return Promise.reject(this.#noMore(this.#end));
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiter = undefined;
      };
      const timer = setTimeout(() => {
        settle();
        reject(this.#noMore(this.#noAnswer("silent", inSeconds(until - this.#dialled))));
      }, until - performance.now());
      this.#waiter = {
        size,
        resolve: (received) => {
          settle();
          resolve(received);
        },
        reject: (reason) => {
          settle();
          reject(reason);
        },
      };
    });
  }

  /** A part of an answer is foreign, whatever ended it; an alert has its own word. */
  #noMore(end: NoAnswer): NoAnswer {
    if (this.#size === 0 || end.kind === "tls") return end;
    return this.#noAnswer("foreign", show(this.#received()));
  }

  #noAnswer(kind: SilenceKind, detail: string): NoAnswer {
    return new NoAnswer(kind, this.#address, detail);
  }

  #received(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}

function reach(dial: Dial, to: Address, until: number): Promise<Duplex> {
  const address = formatAddress(to);
  return new Promise((resolve, reject) => {
    const patience = until - performance.now();
    let link: Duplex | undefined;
    // A name's address is known before the connection is attempted; sockets tell.
    let resolved = isIP(to.host) !== 0;
    const fail = (kind: SilenceKind, detail: string): void => {
      clearTimeout(timer);
      link?.destroy();
      reject(new NoAnswer(kind, address, detail));
    };
    const timer = setTimeout(() => {
      const kind = link instanceof Socket && !resolved ? "unresolved" : "dropped";
      fail(kind, inSeconds(patience));
    }, patience);
    try {
      link = dial(to);
    } catch (error) {
      fail("unreachable", messageOf(error));
      return;
    }
    link.once("lookup", (error: Error | null) => (resolved ||= error === null));
    link.on("error", (error: NodeJS.ErrnoException | AggregateError) => {
      const telling = tellingOf(error);
      const kind = silenceOf(telling);
      const spent = inSeconds(patience - (until - performance.now()));
      fail(kind, kind === "dropped" ? spent : (telling.code ?? telling.message));
    });
    link.once("close", () => fail("closed", "closed before it was connected"));
    link.once("connect", () => {
      clearTimeout(timer);
      if (link !== undefined) resolve(link);
    });
  });
}

/** Of a name with several addresses, the attempt that got an answer, else the last. */
function tellingOf(error: NodeJS.ErrnoException | AggregateError): NodeJS.ErrnoException {
  if (!(error instanceof AggregateError)) return error;
  const all = error.errors as readonly NodeJS.ErrnoException[];
  return all.find(({ code }) => code === "ECONNREFUSED") ?? all.at(-1) ?? error;
}

function shakeHands(link: Duplex, to: Address, until: number): Promise<TLSSocket> {
  const address = formatAddress(to);
  return new Promise((resolve, reject) => {
    const patience = until - performance.now();
    const secure = connectTls({
      socket: link,
      // Whether the certificate is right is a question of its own; who speaks is this one.
      rejectUnauthorized: false,
      ...(isIP(to.host) === 0 ? { servername: to.host } : {}),
    });
    const fail = (reason: NoAnswer): void => {
      clearTimeout(timer);
      secure.destroy();
      link.destroy();
      reject(reason);
    };
    const timer = setTimeout(
      () => fail(new NoAnswer("silent", address, inSeconds(patience))),
      patience,
    );
    secure.on("error", (error: NodeJS.ErrnoException) => {
      const detail = error.code ?? error.message;
      if (asksForCertificate(secure)) fail(new WantsCertificate(address, detail));
      else fail(new NoAnswer(handshakeSilence(error, detail), address, detail));
    });
    secure.once("close", () => fail(new NoAnswer("closed", address, "no answer before the end")));
    secure.once("secureConnect", () => {
      clearTimeout(timer);
      resolve(secure);
    });
  });
}

/** In which way a handshake ended: in TLS's own words, in something else than TLS, or below it. */
function handshakeSilence(error: NodeJS.ErrnoException, detail: string): SilenceKind {
  if (/^ERR_SSL_.*ALERT|UNSUPPORTED_PROTOCOL/.test(detail)) return "tls";
  return /^(ERR_SSL|EPROTO)/.test(detail) ? "foreign" : silenceOf(error);
}

/** A server names signature algorithms to a client only where it asks for its certificate. */
function asksForCertificate(secure: TLSSocket): boolean {
  try {
    return secure.getSharedSigalgs().length > 0;
  } catch {
    return false; // TLS is gone, and what was said in it
  }
}

function validityOf(secure: TLSSocket): Validity | undefined {
  const { valid_from, valid_to } = secure.getPeerCertificate();
  if (valid_from === undefined || valid_to === undefined) return undefined;
  return { validFrom: new Date(valid_from), validTo: new Date(valid_to) };
}

function inSeconds(milliseconds: number): string {
  return `${Number((Math.max(milliseconds, 0) / 1000).toFixed(1))} s`;
}

/** The first line of an answer that is not Kafka's, as far as it can be shown. */
function show(bytes: Buffer): string {
  return JSON.stringify(firstLine(bytes.subarray(0, 60)));
}

function firstLine(bytes: Buffer): string {
  const text = bytes.subarray(0, FEW_WORDS).toString("latin1").split(/\r?\n/, 1)[0] ?? "";
  return text.replace(/[^\x20-\x7e]/g, ".");
}
