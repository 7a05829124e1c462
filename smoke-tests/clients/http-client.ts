import { request, type IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Address } from "../../doctor/address.ts";
import { formatAddress } from "../../doctor/address.ts";
import type { Dial } from "../../doctor/dial.ts";
import { NoAnswer, silenceOf } from "../../doctor/dial.ts";

/** An answer that is not the wanted one, in the service's own words. */
export class ServiceRefusal extends Error {
  /** Method and path, such as `GET /subjects`. */
  readonly request: string;
  readonly status: number;
  /** The service's own code, such as 40401, where it gives one. */
  readonly errorCode: number | undefined;
  /** The whole of it, as it came. */
  readonly body: string;

  constructor(asked: string, status: number, body: string) {
    // `detail` is what Apicurio's own server says, where the API's is not reached.
    const {
      error_code: code,
      message,
      detail,
    } = (parseJson(body) ?? {}) as { error_code?: number; message?: string; detail?: string };
    const said = message ?? detail ?? body.trim().split("\n", 1)[0] ?? "";
    const answer = code === undefined ? `HTTP ${status}` : `HTTP ${status}, error_code ${code}`;
    super(`${asked} is answered with ${answer}${said === "" ? "" : `: ${said}`}`);
    this.name = "ServiceRefusal";
    this.request = asked;
    this.status = status;
    this.errorCode = code;
    this.body = body;
  }
}

/** How a client of one service asks. */
export interface HttpClientProps {
  /** The service's name in messages, such as `Schema Registry`. */
  readonly title: string;
  /** Opens connections from where the client stands. */
  readonly dial: Dial;
  /** What bodies are sent as. */
  readonly contentType: string;
  /** What is accepted, in the order of preference. */
  readonly accept: string;
  /** Seconds until a request gives up. */
  readonly seconds: number;
}

/** What one request has of its own. */
export interface HttpQuestion {
  /** Rendered as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly seconds?: number;
  /**
   * What the path is under.
   *
   * @default - the path of the client's url
   */
  readonly base?: string;
}

/** An answer that is a success. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * A client of one HTTP service, over connections that the vantage provides. Each request has a connection
 * and a deadline of its own. It throws `NoAnswer` where nobody, or somebody else, is at the address, and
 * `ServiceRefusal` for an answer that is not a success.
 */
export class HttpClient {
  /** `host:port` that connections go to. */
  readonly address: Address;
  /** Path of the url, without a slash at its end. */
  readonly path: string;
  readonly #host: string;
  readonly #props: HttpClientProps;

  /**
   * @param url of the API, path included
   * @throws Error when it is not an http address
   */
  constructor(url: string, props: HttpClientProps) {
    if (!URL.canParse(url) || new URL(url).protocol !== "http:") {
      throw new Error(`"${url}" is not the address of a ${props.title}; write http://host:port`);
    }
    const { hostname, port, host, pathname } = new URL(url);
    this.address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) };
    this.path = pathname.replace(/\/+$/, "");
    this.#host = host;
    this.#props = props;
  }

  /** Asks, and gives the answer's JSON. */
  async json(method: string, path: string, question: HttpQuestion = {}): Promise<unknown> {
    const { text } = await this.ask(method, path, question);
    const value = parseJson(text);
    if (value === undefined) {
      throw new NoAnswer("foreign", formatAddress(this.address), show(text));
    }
    return value;
  }

  /** Asks, and gives the answer as it came. */
  ask(method: string, path: string, question: HttpQuestion = {}): Promise<HttpAnswer> {
    const { base = this.path, body } = question;
    const { contentType, accept, seconds, dial } = { ...this.#props, ...question };
    const { host, port } = this.address;
    const where = formatAddress(this.address);
    return new Promise((resolve, reject) => {
      let connected = false;
      const deadline = AbortSignal.timeout(seconds * 1000);
      const fail = (error: NodeJS.ErrnoException & { rawPacket?: Buffer }): void => {
        reject(
          deadline.aborted
            ? new NoAnswer(connected ? "silent" : "dropped", where, `${seconds} s`)
            : noAnswer(error, where),
        );
      };
      const asking = request(
        {
          method,
          host,
          port,
          path: `${base}${path}`,
          headers: {
            // Some services build addresses for their clients from it.
            host: this.#host,
            accept,
            ...(body === undefined ? {} : { "content-type": contentType }),
          },
          signal: deadline,
          createConnection: () => {
            const link = dial({ host, port });
            link.once("connect", () => (connected = true));
            return link as Socket;
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("error", fail);
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            const { statusCode: status = 0, headers } = answer;
            if (status < 200 || status > 299) {
              reject(new ServiceRefusal(`${method} ${base}${path}`, status, text));
              return;
            }
            resolve({ status, headers, text });
          });
        },
      );
      asking.on("error", fail);
      asking.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function noAnswer(error: NodeJS.ErrnoException & { rawPacket?: Buffer }, where: string): NoAnswer {
  const { code = error.message, rawPacket } = error;
  if (!code.startsWith("HPE_")) return new NoAnswer(silenceOf(error), where, code);
  const bytes = rawPacket ?? Buffer.alloc(0);
  return new NoAnswer(bytes[0] === 0x15 ? "tls" : "foreign", where, show(bytes.toString("latin1")));
}

/** @returns undefined when it is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The first line of an answer that is not the service's, as far as it can be shown. */
function show(text: string): string {
  const [line = ""] = text.slice(0, 60).split(/\r?\n/, 1);
  return JSON.stringify(line.replace(/[^\x20-\x7e]/g, "."));
}
