import { request } from "node:http";
import type { Socket } from "node:net";
import type { Address } from "../address.ts";
import { formatAddress } from "../address.ts";
import type { Dial } from "../dial.ts";
import { NoAnswer, silenceOf } from "../dial.ts";
import type { AvroSchema } from "./wire-format.ts";

const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

/** An answer that is not the wanted one, in the service's own words. */
export class RegistryRefusal extends Error {
  /** Method and path, such as `GET /subjects`. */
  readonly request: string;
  readonly status: number;
  /** The registry's own code, such as 40401, where it gives one. */
  readonly errorCode: number | undefined;

  constructor(asked: string, status: number, body: string) {
    // `detail` is what Apicurio's own server says, where the API's is not reached.
    const {
      error_code: code,
      message,
      detail,
    } = (parse(body) ?? {}) as { error_code?: number; message?: string; detail?: string };
    const said = message ?? detail ?? body.trim().split("\n", 1)[0] ?? "";
    const answer = code === undefined ? `HTTP ${status}` : `HTTP ${status}, error_code ${code}`;
    super(`${asked} is answered with ${answer}${said === "" ? "" : `: ${said}`}`);
    this.name = "RegistryRefusal";
    this.request = asked;
    this.status = status;
    this.errorCode = code;
  }
}

/**
 * A client of Confluent's Schema Registry API, over connections that the vantage provides. Each
 * request has a connection and a deadline of its own. All of them throw `NoAnswer` where nobody, or
 * somebody else, is at the address, and `RegistryRefusal` for an answer that is not a success.
 */
export class SchemaRegistryClient {
  readonly #dial: Dial;
  readonly #url: URL;
  readonly #path: string;
  readonly #seconds: number;

  /**
   * @param url of the API, path included
   * @throws Error when it is not an http address
   */
  constructor(url: string, dial: Dial, seconds = 10) {
    if (!URL.canParse(url) || new URL(url).protocol !== "http:") {
      throw new Error(`"${url}" is not the address of a Schema Registry; write http://host:port`);
    }
    this.#url = new URL(url);
    this.#path = this.#url.pathname.replace(/\/+$/, "");
    this.#dial = dial;
    this.#seconds = seconds;
  }

  /** `host:port` that connections go to. */
  get address(): Address {
    return {
      host: this.#url.hostname.replace(/^\[|\]$/g, ""),
      port: Number(this.#url.port || 80),
    };
  }

  /** @param deleted whether those are wanted as well that are deleted, but not for good */
  async subjects({ deleted = false } = {}): Promise<readonly string[]> {
    return (await this.#ask("GET", deleted ? "/subjects?deleted=true" : "/subjects")) as string[];
  }

  /** The compatibility that a subject has unless it is given its own. */
  async defaultCompatibility(): Promise<string> {
    const { compatibilityLevel } = (await this.#ask("GET", "/config")) as Config;
    return compatibilityLevel;
  }

  /**
   * The default that Apicurio Registry was configured with, by its own API: what speaks Confluent's
   * shows only a level that was set over it.
   */
  async apicurioDefaultCompatibility(): Promise<string> {
    const origin = this.#path.replace(/\/apis\/ccompat\/.*$/, "");
    const path = "/apis/registry/v3/admin/rules/COMPATIBILITY";
    try {
      return ((await this.#ask("GET", path, undefined, origin)) as { config: string }).config;
    } catch (error) {
      if (error instanceof RegistryRefusal && error.status === 404) return "NONE";
      throw error;
    }
  }

  /** Registers a schema, and gives its id; once more gives the same id. */
  async register(subject: string, schema: AvroSchema): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const { id } = (await this.#ask("POST", path, { schema: JSON.stringify(schema) })) as {
      id: number;
    };
    return id;
  }

  async versions(subject: string): Promise<readonly number[]> {
    return (await this.#ask(
      "GET",
      `/subjects/${encodeURIComponent(subject)}/versions`,
    )) as number[];
  }

  async schemaById(id: number): Promise<AvroSchema> {
    const { schema } = (await this.#ask("GET", `/schemas/ids/${id}`)) as { schema: string };
    return JSON.parse(schema) as AvroSchema;
  }

  /** Deletes a subject for good, in the two steps that it takes; one that is not there is fine. */
  async removeSubject(subject: string): Promise<void> {
    for (const how of ["", "?permanent=true"]) {
      const path = `/subjects/${encodeURIComponent(subject)}${how}`;
      await this.#ask("DELETE", path).catch((error: unknown) => {
        if (!(error instanceof RegistryRefusal && error.status === 404)) throw error;
      });
    }
  }

  /** @param base what the path is under */
  #ask(method: string, path: string, body?: unknown, base = this.#path): Promise<unknown> {
    const { host, port } = this.address;
    const where = formatAddress(this.address);
    return new Promise((resolve, reject) => {
      let connected = false;
      const deadline = AbortSignal.timeout(this.#seconds * 1000);
      const fail = (error: NodeJS.ErrnoException & { rawPacket?: Buffer }): void => {
        reject(
          deadline.aborted
            ? new NoAnswer(connected ? "silent" : "dropped", where, `${this.#seconds} s`)
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
            accept: `${CONTENT_TYPE}, application/json`,
            ...(body === undefined ? {} : { "content-type": CONTENT_TYPE }),
          },
          signal: deadline,
          createConnection: () => {
            const link = this.#dial({ host, port });
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
            const status = answer.statusCode ?? 0;
            if (status < 200 || status > 299) {
              reject(new RegistryRefusal(`${method} ${base}${path}`, status, text));
              return;
            }
            const value = parse(text);
            if (value === undefined) reject(new NoAnswer("foreign", where, show(text)));
            else resolve(value);
          });
        },
      );
      asking.on("error", fail);
      asking.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

interface Config {
  readonly compatibilityLevel: string;
}

function noAnswer(error: NodeJS.ErrnoException & { rawPacket?: Buffer }, where: string): NoAnswer {
  const { code = error.message, rawPacket } = error;
  if (!code.startsWith("HPE_")) return new NoAnswer(silenceOf(error), where, code);
  const bytes = rawPacket ?? Buffer.alloc(0);
  return new NoAnswer(bytes[0] === 0x15 ? "tls" : "foreign", where, show(bytes.toString("latin1")));
}

/** @returns undefined when it is not JSON */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The first line of an answer that is not the registry's, as far as it can be shown. */
function show(text: string): string {
  const [line = ""] = text.slice(0, 60).split(/\r?\n/, 1);
  return JSON.stringify(line.replace(/[^\x20-\x7e]/g, "."));
}
