import { messageOf } from "../../doctor/deadline.ts";
import type { ExpectedBroker, ListenerUnderTest } from "../diagnosis.ts";
import type { Docker } from "../../doctor/docker.ts";
import type { PlatformOutputs } from "../outputs.ts";
import type { ReceivedRecord, SmokeRecord } from "../records.ts";
import {
  consumerArguments,
  parseConsumed,
  producerArguments,
  producerLines,
  producerSendsHeaders,
  toolComplaints,
} from "./console-tools.ts";
import { KafkaJsClient } from "./kafkajs-client.ts";
import { Tunnel } from "../../doctor/tunnel.ts";
import { findTool } from "./tools.ts";

/**
 * A container on the platform's network: records go through the broker image's own Java commands,
 * everything else through connections that start in the container.
 */
export class ContainerClient extends KafkaJsClient {
  readonly #docker: Docker;
  readonly #container: string;
  readonly #producer: string;
  readonly #sendsHeaders: boolean;

  private constructor(
    listener: ListenerUnderTest,
    docker: Docker,
    container: string,
    producer: string,
    sendsHeaders: boolean,
  ) {
    super(listener, (to) => new Tunnel(docker, container, to));
    this.#docker = docker;
    this.#container = container;
    this.#producer = producer;
    this.#sendsHeaders = sendsHeaders;
  }

  /** Starts the container; `close` removes it. */
  static async start(
    listener: ListenerUnderTest,
    outputs: PlatformOutputs,
    docker: Docker,
    runId: string,
  ): Promise<ContainerClient> {
    const [broker] = listener.brokers;
    if (broker?.container === undefined) {
      throw new Error(`listener "${listener.name}" has no broker in a container that is known`);
    }
    const name = `${outputs.environment}-smoke-${listener.name.toLowerCase()}-${runId}`;
    try {
      const container = await docker.startBeside(broker.container, outputs, name);
      const producer = await findTool(docker, container, "kafka-console-producer");
      return new ContainerClient(
        listener,
        docker,
        container,
        producer,
        producerSendsHeaders(outputs.kafka.version),
      );
    } catch (error) {
      await docker.remove(name).catch(() => {}); // the first error is the one that counts
      throw error;
    }
  }

  override async produce(
    topic: string,
    records: readonly SmokeRecord[],
    knowing?: ExpectedBroker,
  ): Promise<void> {
    if (!this.#sendsHeaders) return super.produce(topic, records, knowing);
    await this.#tool(
      this.#producer,
      producerArguments(knowing?.address ?? this.#bootstrapServers, topic),
      producerLines(records),
    );
  }

  override async consume(topic: string, group: string, count: number): Promise<ReceivedRecord[]> {
    const { stdout, stderr } = await this.#tool(
      this.#producer.replace("console-producer", "console-consumer"),
      consumerArguments(this.#bootstrapServers, topic, group, count),
    );
    const { records, rest } = parseConsumed(stdout);
    if (records.length < count) {
      throw new Error(
        [
          `kafka-console-consumer read ${records.length} of ${count} records from topic "${topic}" as group "${group}"`,
          ...toolComplaints([...rest, stderr].join("\n")),
        ].join("\n  "),
      );
    }
    return [...records];
  }

  override async close(): Promise<void> {
    try {
      await super.close();
    } finally {
      await this.#docker.remove(this.#container);
    }
  }

  get #bootstrapServers(): string {
    return this.listener.brokers.map(({ address }) => address).join(",");
  }

  async #tool(
    command: string,
    args: readonly string[],
    input = "",
  ): Promise<{ readonly stdout: string; readonly stderr: string }> {
    try {
      return await this.#docker.converse(
        ["exec", "--interactive", this.#container, command, ...args],
        input,
        45,
      );
    } catch (error) {
      const [first = "", ...more] = messageOf(error).split("\n");
      const complaints = toolComplaints(more.join("\n"));
      throw new Error([`${command.replace(/^.*\//, "")}: ${first}`, ...complaints].join("\n  "), {
        cause: error,
      });
    }
  }
}
