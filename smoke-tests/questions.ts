/** The questions to brokers, whose silence is explained where one of them does not answer. */
import { parseAddress } from "../doctor/address.ts";
import { NoAnswer, type Dial } from "../doctor/dial.ts";
import type { ExpectedBroker, ListenerUnderTest } from "./diagnosis.ts";
import { explainSilence } from "./diagnosis.ts";
import type { Docker } from "../doctor/docker.ts";
import type { BrokerSettings, ClusterMetadata } from "../doctor/metadata.ts";
import { askMetadata, askSettings } from "../doctor/metadata.ts";
import { finding } from "./steps.ts";

/** Asks the brokers of one listener, from where its clients stand. */
export class Questions {
  readonly #listener: ListenerUnderTest;
  readonly #dial: Dial;
  readonly #docker: Docker;

  constructor(listener: ListenerUnderTest, dial: Dial, docker: Docker) {
    this.#listener = listener;
    this.#dial = dial;
    this.#docker = docker;
  }

  /** The metadata that clients get at a broker's address. */
  async metadataThrough(broker: ExpectedBroker): Promise<ClusterMetadata> {
    return this.#heard(broker, () => askMetadata(this.#dial, parseAddress(broker.address)));
  }

  /** What a broker says of its advertised listeners. */
  async settingsOf(broker: ExpectedBroker): Promise<BrokerSettings> {
    const address = parseAddress(broker.address);
    return this.#heard(broker, () =>
      askSettings(this.#dial, address, broker.id, ["advertised.listeners"]),
    );
  }

  /** An address that is silent is explained, with the last words of the container behind it. */
  async #heard<T>(broker: ExpectedBroker, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      throw finding(
        explainSilence(this.#listener, broker, error, await this.#docker.stateOf(broker.container)),
        await this.#docker.lastWords(broker.container),
      );
    }
  }
}
