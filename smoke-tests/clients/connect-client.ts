import type { Address } from "../../doctor/address.ts";
import { eventually } from "../../doctor/deadline.ts";
import type { Dial } from "../../doctor/dial.ts";
import { HttpClient, ServiceRefusal, type HttpAnswer, type HttpQuestion } from "./http-client.ts";

/** How long a rebalance of the workers may take: their protocol waits up to a minute for members. */
const REBALANCE_SECONDS = 75;

/** What a worker says of itself. */
export interface ConnectWorker {
  readonly version: string;
  readonly kafka_cluster_id: string;
}

/** A class that connectors can be made of. */
export interface ConnectorPlugin {
  /** Its full name, package included. */
  readonly class: string;
}

/** How a connector, or one of its tasks, fares. */
export interface RunState {
  /** `RUNNING`, `FAILED`, `UNASSIGNED`, `PAUSED` … */
  readonly state: string;
  /** `host:port` of the worker that has it. */
  readonly worker_id: string;
  /** Why it failed: a Java stack trace. */
  readonly trace?: string;
}

/** How a connector and its tasks fare. */
export interface ConnectorStatus {
  readonly connector: RunState;
  readonly tasks: readonly (RunState & { readonly id: number })[];
}

/**
 * A client of Kafka Connect's REST API, over connections that the vantage provides. All requests throw `NoAnswer`
 * where nobody, or somebody else, is at the address, and `ServiceRefusal` for an answer that is not a success.
 * While its workers rebalance, Connect refuses with 409 what it would do a moment later: that is waited for.
 */
export class ConnectClient {
  readonly #http: HttpClient;
  readonly #rebalanceSeconds: number;

  /**
   * @param url of the API
   * @throws Error when it is not an http address
   */
  constructor(url: string, dial: Dial, seconds = 30, rebalanceSeconds = REBALANCE_SECONDS) {
    this.#http = new HttpClient(url, {
      title: "Connect",
      dial,
      contentType: "application/json",
      accept: "application/json",
      seconds,
    });
    this.#rebalanceSeconds = rebalanceSeconds;
  }

  /** `host:port` that connections go to. */
  get address(): Address {
    return this.#http.address;
  }

  async worker(): Promise<ConnectWorker> {
    return (await this.#http.json("GET", "/")) as ConnectWorker;
  }

  async connectors(): Promise<readonly string[]> {
    return (await this.#http.json("GET", "/connectors")) as string[];
  }

  async plugins(): Promise<readonly ConnectorPlugin[]> {
    return (await this.#http.json("GET", "/connector-plugins")) as ConnectorPlugin[];
  }

  /** Makes a connector, or gives the one that is there another configuration. */
  async configure(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.#settled("PUT", `${pathOf(name)}/config`, { body: config });
  }

  /** @returns undefined where nothing is known of it: not yet, or no longer */
  async status(name: string): Promise<ConnectorStatus | undefined> {
    const answer = await this.#unlessUnknown(name, "GET", "/status");
    return answer === undefined ? undefined : (JSON.parse(answer.text) as ConnectorStatus);
  }

  async has(name: string): Promise<boolean> {
    return (await this.#unlessUnknown(name, "GET")) !== undefined;
  }

  /** @returns the status of the answer, 204; 404 where there is no such connector */
  async remove(name: string): Promise<number> {
    return (await this.#unlessUnknown(name, "DELETE"))?.status ?? 404;
  }

  async #unlessUnknown(name: string, method: string, below = ""): Promise<HttpAnswer | undefined> {
    try {
      return await this.#settled(method, `${pathOf(name)}${below}`);
    } catch (error) {
      // Without the name it is not Connect's word on a connector, but a server that has no such path.
      const isRefusal = error instanceof ServiceRefusal && error.status === 404;
      if (isRefusal && error.body.includes(name)) return undefined;
      throw error;
    }
  }

  /** Asks until the answer is another one than that the workers rebalance. */
  async #settled(method: string, path: string, question?: HttpQuestion): Promise<HttpAnswer> {
    let outcome: Promise<HttpAnswer> | undefined;
    await eventually(this.#rebalanceSeconds, "Connect's workers to have rebalanced", async () => {
      outcome = this.#http.ask(method, path, question);
      try {
        await outcome;
      } catch (error) {
        if (error instanceof ServiceRefusal && error.status === 409) return error.message;
      }
      return undefined;
    });
    return outcome as Promise<HttpAnswer>;
  }
}

function pathOf(connector: string): string {
  return `/connectors/${encodeURIComponent(connector)}`;
}
