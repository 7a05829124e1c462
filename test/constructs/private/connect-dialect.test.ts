import { describe, expect, it } from "vitest";
import { Image, Memory } from "../../../constructs/index.ts";
import { connectDialect, connectProperties } from "../../../constructs/private/connect-dialect.ts";
import { Jvm } from "../../../constructs/private/jvm.ts";

const NEEDS = {
  host: "c",
  port: 8083,
  bootstrapServers: "kafka:9092",
  replicationFactor: 2,
  jvm: new Jvm("connect", { heap: Memory.gibibytes(1) }),
};
const image = Image.of("example.org/connect:1");

it("derives all that a worker must know", () => {
  expect(connectProperties(NEEDS, { "value.converter": "Bytes" })).toEqual({
    "bootstrap.servers": "kafka:9092",
    "group.id": "c",
    "config.storage.topic": "c-configs",
    "config.storage.replication.factor": "2",
    "offset.storage.topic": "c-offsets",
    "offset.storage.replication.factor": "2",
    "status.storage.topic": "c-status",
    "status.storage.replication.factor": "2",
    "value.converter": "Bytes",
    listeners: "http://0.0.0.0:8083",
    "rest.advertised.host.name": "c",
    "rest.advertised.port": "8083",
  });
});

describe("a worker's settings", () => {
  it("are variables for Confluent's image, which runs itself", () => {
    const dialect = connectDialect({ image, contract: "confluent" }, NEEDS, { "a.b": "x\ny" });
    expect(dialect).toMatchObject({
      environment: {
        CONNECT_A_B: "x\ny",
        CONNECT_REST_PORT: "8083",
        KAFKA_HEAP_OPTS: "-Xms1024m -Xmx1024m",
      },
      apiPath: "",
    });
    expect(dialect.command).toBeUndefined();
  });

  it("are one file for Kafka's own image, whatever is in a value", () => {
    const plugins = "/a,/b";
    const properties = { "a.b": "x\ny\\z", "c.d": " e" };
    expect(connectDialect({ image, contract: "kafka", plugins }, NEEDS, properties)).toMatchObject({
      environment: {
        CONNECT_PROPERTIES: "plugin.path=/a,/b\na.b=x\\ny\\\\z\nc.d=\\ e\n",
        KAFKA_HEAP_OPTS: "-Xms1024m -Xmx1024m",
      },
      command: ["bash", "-c", expect.stringMatching(/exec \/opt\/kafka\/bin\/connect-distributed/)],
    });
  });
});
