/** What the proofs of all HTTP services have in common: a client of Kafka beside them, and faults that are explained. */
import { connect } from "node:net";
import type { ListenerClient } from "./clients/listener-client.ts";
import { logOf, openClient } from "./clients/listener-client.ts";
import { ServiceRefusal } from "./clients/http-client.ts";
import type { Address } from "../doctor/address.ts";
import { messageOf } from "../doctor/deadline.ts";
import type { ListenerUnderTest } from "./diagnosis.ts";
import { explainClientError, listenerUnderTest } from "./diagnosis.ts";
import type { Dial } from "../doctor/dial.ts";
import { NoAnswer } from "../doctor/dial.ts";
import type { Docker } from "../doctor/docker.ts";
import type { PlatformOutputs } from "./outputs.ts";
import type { ServiceUnderTest } from "./services.ts";
import { listenerBeside } from "./services.ts";
import { finding } from "./steps.ts";

/** How one service's faults are put into words. */
export interface ServiceFaults {
  /** An address without an answer; `state` is that of its container. */
  silence(address: Address, silence: NoAnswer, state: string | undefined): string;
  /** An answer that is not the wanted one. */
  refusal(refusal: ServiceRefusal): string;
}

/** What a trial stands on. */
export interface ServiceTrialProps {
  readonly service: ServiceUnderTest;
  readonly outputs: PlatformOutputs;
  readonly docker: Docker;
  readonly runId: string;
  readonly faults: ServiceFaults;
}

/** One service, tried from one vantage. */
export class ServiceTrial {
  /** The listener of Kafka for clients that stand there; undefined where they have none. */
  readonly listener: ListenerUnderTest | undefined;
  readonly #props: ServiceTrialProps;
  #opening: Promise<ListenerClient | undefined> | undefined;

  constructor(props: ServiceTrialProps) {
    const name = listenerBeside(props.outputs, props.service.vantage);
    this.listener = name === undefined ? undefined : listenerUnderTest(props.outputs, name);
    this.#props = props;
  }

  /** Follows the title of each step: what it cannot tell. */
  get remark(): string {
    return this.#props.service.vantage === "external" ? " (tried from its own host only)" : "";
  }

  /**
   * A client of Kafka that stands where the service's clients do; opened once.
   *
   * @returns undefined for programs on the host where Kafka has no listener for them
   */
  async kafka(): Promise<ListenerClient | undefined> {
    this.#opening ??= this.#open();
    return this.#opening.catch((error: unknown) => {
      const { url } = this.#props.service;
      throw finding(`nobody can be put where clients of ${url} stand: ${messageOf(error)}`);
    });
  }

  /** Opens connections from there. */
  async dial(): Promise<Dial> {
    return (await this.kafka())?.dial ?? connect;
  }

  /** Gives back what the client of Kafka holds. */
  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.close();
  }

  /** A service that is silent or says no is explained, with the last words of its container. */
  async heard<T>(address: Address, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw await this.fault(await this.explained(address, error));
    }
  }

  /** What an error of the service's client means. */
  async explained(address: Address, error: unknown): Promise<string> {
    const { faults, docker, service } = this.#props;
    if (error instanceof ServiceRefusal) return faults.refusal(error);
    if (!(error instanceof NoAnswer)) return messageOf(error);
    return faults.silence(address, error, await docker.stateOf(service.container));
  }

  /** A fault of the service, with the last words of its container. */
  async fault(message: string): Promise<Error> {
    const { docker, service } = this.#props;
    return finding(message, await docker.lastWords(service.container));
  }

  /** Work of the client of Kafka's: what goes wrong there is no fault of the service's. */
  async tried<T>(work: Promise<T>): Promise<T> {
    return work.catch(async (error: unknown) => {
      throw await this.clientFault(error);
    });
  }

  /** An error of the client of Kafka's, explained by its listener, with the client's own log. */
  async clientFault(error: unknown): Promise<unknown> {
    if (this.listener === undefined) return error;
    const opened = await this.#opening;
    return finding(explainClientError(this.listener, messageOf(error)) + logOf(opened));
  }

  async #open(): Promise<ListenerClient | undefined> {
    const { outputs, docker, runId, service } = this.#props;
    if (this.listener !== undefined) return openClient(this.listener, outputs, docker, runId);
    if (service.vantage !== "network") return undefined;
    throw new Error(`the outputs have no listener for containers on "${outputs.docker?.network}"`);
  }
}
