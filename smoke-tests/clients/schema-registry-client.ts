import type { Address } from "../../doctor/address.ts";
import type { Dial } from "../../doctor/dial.ts";
import { HttpClient, ServiceRefusal } from "./http-client.ts";
import type { AvroSchema } from "./wire-format.ts";

const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

/**
 * A client of Confluent's Schema Registry API, over connections that the vantage provides. All requests throw
 * `NoAnswer` where nobody, or somebody else, is at the address, and `ServiceRefusal` for an answer that is not a success.
 */
export class SchemaRegistryClient {
  readonly #http: HttpClient;

  /**
   * @param url of the API, path included
   * @throws Error when it is not an http address
   */
  constructor(url: string, dial: Dial, seconds = 30) {
    this.#http = new HttpClient(url, {
      title: "Schema Registry",
      dial,
      contentType: CONTENT_TYPE,
      accept: `${CONTENT_TYPE}, application/json`,
      seconds,
    });
  }

  /** `host:port` that connections go to. */
  get address(): Address {
    return this.#http.address;
  }

  /** @param deleted whether those are wanted as well that are deleted, but not for good */
  async subjects({ deleted = false } = {}): Promise<readonly string[]> {
    return (await this.#http.json(
      "GET",
      deleted ? "/subjects?deleted=true" : "/subjects",
    )) as string[];
  }

  /** The compatibility that a subject has unless it is given its own. */
  async defaultCompatibility(): Promise<string> {
    const { compatibilityLevel } = (await this.#http.json("GET", "/config")) as Config;
    return compatibilityLevel;
  }

  /**
   * The default that Apicurio Registry was configured with, by its own API: what speaks Confluent's
   * shows only a level that was set over it.
   */
  async apicurioDefaultCompatibility(): Promise<string> {
    const origin = this.#http.path.replace(/\/apis\/ccompat\/.*$/, "");
    const path = "/apis/registry/v3/admin/rules/COMPATIBILITY";
    try {
      return ((await this.#http.json("GET", path, { base: origin })) as { config: string }).config;
    } catch (error) {
      if (error instanceof ServiceRefusal && error.status === 404) return "NONE";
      throw error;
    }
  }

  /** Registers a schema, and gives its id; once more gives the same id. */
  async register(subject: string, schema: AvroSchema): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const { id } = (await this.#http.json("POST", path, {
      body: { schema: JSON.stringify(schema) },
    })) as {
      id: number;
    };
    return id;
  }

  async versions(subject: string): Promise<readonly number[]> {
    return (await this.#http.json(
      "GET",
      `/subjects/${encodeURIComponent(subject)}/versions`,
    )) as number[];
  }

  async schemaById(id: number): Promise<AvroSchema> {
    const { schema } = (await this.#http.json("GET", `/schemas/ids/${id}`)) as { schema: string };
    return JSON.parse(schema) as AvroSchema;
  }

  /** Deletes a subject for good, in the two steps that it takes; one that is not there is fine. */
  async removeSubject(subject: string): Promise<void> {
    for (const how of ["", "?permanent=true"]) {
      const path = `/subjects/${encodeURIComponent(subject)}${how}`;
      await this.#http.json("DELETE", path).catch((error: unknown) => {
        if (!(error instanceof ServiceRefusal && error.status === 404)) throw error;
      });
    }
  }
}

interface Config {
  readonly compatibilityLevel: string;
}
