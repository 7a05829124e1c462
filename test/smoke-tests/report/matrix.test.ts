import { describe, expect, it } from "vitest";
import type { Cell } from "../../../smoke-tests/report/cell.ts";
import { headline, matrixOf, type Way } from "../../../smoke-tests/report/matrix.ts";
import { cellsOf, CLUSTER, green, PARTLY, red, result, RUN, WHOLE } from "./platforms.ts";

const HOST: Cell = {
  target: "kafka",
  vantage: "host",
  listener: "HOST",
  address: "localhost:9092",
  client: "kafkajs",
};

function wayOf(results: readonly Parameters<typeof result>[]): Way | undefined {
  const matrix = matrixOf(
    PARTLY,
    results.map((each) => result(...each)),
    RUN,
  );
  return matrix.targets[0]?.ways[0];
}

describe("a platform that all is well with", () => {
  it("has every way in that the outputs name, sorted by who connects, and each is green", () => {
    expect(
      green().targets.map(({ title, verdict, ways }) => [
        title,
        verdict,
        ...ways.map(
          ({ title: way, vantage, addresses }) => `${way} ${vantage} ${addresses.join()}`,
        ),
      ]),
    ).toEqual([
      [
        "Kafka",
        "passed",
        "Kafka PLAINTEXT_HOST host localhost:9092",
        "Kafka PLAINTEXT network broker:29092",
        "Kafka LAN external 192.168.56.101:19092",
      ],
      ["ZooKeeper", "passed", "ZooKeeper network zookeeper:2181"],
      [
        "Schema Registry",
        "passed",
        "Schema Registry host http://localhost:8081/apis/ccompat/v7",
        "Schema Registry network http://schema-registry:8081/apis/ccompat/v7",
        "Schema Registry external http://192.168.56.101:8081/apis/ccompat/v7",
      ],
      [
        "Connect",
        "passed",
        "Connect host http://localhost:8083",
        "Connect network http://connect:8083",
      ],
      [
        "ksqlDB",
        "passed",
        "ksqlDB host http://localhost:8088",
        "ksqlDB network http://ksqldb-server:8088",
      ],
      ["ksqlDB CLI", "passed", "ksqlDB CLI network http://ksqldb-server:8088"],
      [
        "REST Proxy",
        "passed",
        "REST Proxy host http://localhost:8082",
        "REST Proxy network http://rest-proxy:8082",
      ],
    ]);
    expect(headline(green())).toBe("seed: green, 28 proven, 0 failed, 0 not tried");
  });
});

describe("what is not there", () => {
  it("is not deployed, and no way in", () => {
    const states = green(PARTLY).targets.map(({ title, verdict, ways }) => [
      title,
      verdict,
      ways.length,
    ]);
    expect(states).toEqual([
      ["Kafka", "passed", 2],
      ["Broker loss", "passed", 1],
      ["ZooKeeper", "not deployed", 0],
      ["Schema Registry", "not deployed", 0],
      ["Connect", "passed", 1],
      ["ksqlDB", "not deployed", 0],
      ["ksqlDB CLI", "not deployed", 0],
      ["REST Proxy", "not deployed", 0],
    ]);
  });
});

describe("a cluster of many", () => {
  const ways = (matrix: ReturnType<typeof green>) =>
    matrix.targets.flatMap((target) =>
      target.ways.map(({ title, vantage, addresses }) => `${title} ${vantage} ${addresses.length}`),
    );

  it("shows the loss of a broker and the controllers as ways in, and how many brokers there are", () => {
    expect(ways(green(CLUSTER))).toEqual([
      "Kafka HOST host 3",
      "Kafka NETWORK network 3",
      "Broker loss network 3",
      "Controllers network 3",
    ]);
    expect(green(CLUSTER).kafka).toBe("4.1.1, KRaft, 3 brokers");
  });

  it("says of a loss that nobody has asked for that it was not tried, and why", () => {
    const cell = cellsOf(CLUSTER).find(({ target }) => target === "brokerLoss");
    const skipped = result(cell, "loses no record", "skipped", "not asked for by the environment");
    const loss = matrixOf(CLUSTER, [skipped], RUN).targets.find(
      ({ target }) => target === "brokerLoss",
    );
    expect(loss?.verdict).toBe("not tried");
    expect(loss?.ways[0]?.proofs[0]?.reason).toBe("not asked for by the environment");
  });

  it("has no loss of a broker where there are two, or no engine to stop one", () => {
    const two = { ...CLUSTER.kafka, brokers: CLUSTER.kafka.brokers.slice(1) };
    const { docker: _, ...elsewhere } = CLUSTER;
    for (const outputs of [{ ...CLUSTER, kafka: two }, elsewhere]) {
      expect(green(outputs).targets.some(({ target }) => target === "brokerLoss")).toBe(false);
    }
  });
});

describe("a platform that others deployed", () => {
  it("lacks nothing: what was not named is not known", () => {
    const { docker: _, ...elsewhere } = PARTLY;
    expect([green(PARTLY).absence, green(elsewhere).absence]).toEqual([
      "not deployed",
      "not named",
    ]);
  });
});

describe("what no test came to", () => {
  it("is not tried, though the run was green, and counted", () => {
    const cells = cellsOf(WHOLE).filter(({ target }) => target !== "restProxy");
    const matrix = matrixOf(
      WHOLE,
      cells.map((cell) => result(cell, "answers")),
      RUN,
    );
    const proxy = matrix.targets.find(({ target }) => target === "restProxy");
    expect(proxy?.verdict).toBe("not tried");
    expect(proxy?.ways.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ["not tried", "no smoke test has come to it"],
      ["not tried", "no smoke test has come to it"],
    ]);
    expect(headline(matrix)).toBe("seed: green, 12 proven, 0 failed, 2 not tried");
  });
});

describe("a way in", () => {
  it("is red as soon as one proof failed", () => {
    const way = wayOf([
      [HOST, "answers"],
      [HOST, "carries", "failed", "why"],
      [HOST, "is tidy", "skipped", '"carries" failed'],
    ]);
    expect(way?.verdict).toBe("failed");
    expect(way?.proofs.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ["passed", undefined],
      ["failed", "why"],
      ["not tried", '"carries" failed'],
    ]);
  });

  it("is not tried when all of its tests were skipped", () => {
    expect(wayOf([[HOST, "answers", "skipped", "no engine"]])?.verdict).toBe("not tried");
  });

  it("is green with a proof that was skipped, and says so of that one", () => {
    const way = wayOf([
      [HOST, "answers"],
      [HOST, "restarts", "skipped", "forbidden"],
    ]);
    expect(way?.verdict).toBe("passed");
    expect(way?.proofs.at(-1)).toMatchObject({ verdict: "not tried", reason: "forbidden" });
  });

  it("is the listener's, however its addresses are written", () => {
    const matrix = matrixOf(PARTLY, [result(HOST, "answers")], RUN);
    expect(matrix.targets[0]?.ways).toHaveLength(2);
    expect(matrix.targets[0]?.ways[0]).toMatchObject({ title: "Kafka HOST", client: "kafkajs" });
  });
});

describe("tests that declare no cell", () => {
  it("count, and stand under what they are in", () => {
    const matrix = matrixOf(
      PARTLY,
      [result(undefined, "a"), result(undefined, "b", "failed", "why")],
      RUN,
    );
    expect(matrix.outcome).toBe("red");
    expect(matrix.others).toMatchObject([
      {
        title: "somewhere",
        verdict: "failed",
        vantage: undefined,
        proofs: [{ title: "a" }, { title: "b" }],
      },
    ]);
  });
});

describe("the outcome", () => {
  const ok = [result(HOST, "answers")];

  it("is red with one failure", () => {
    expect(headline(red())).toBe("seed: red, 21 proven, 1 failed, 4 not tried");
  });

  it("is red when something failed outside of all tests", () => {
    const matrix = matrixOf(PARTLY, ok, { ...RUN, errors: ["x.smoke.ts: broken"] });
    expect([matrix.outcome, matrix.failed]).toEqual(["red", 1]);
  });

  it("is red when nothing at all was proven", () => {
    expect(matrixOf(PARTLY, [], RUN).outcome).toBe("red");
    expect(matrixOf(PARTLY, [result(HOST, "answers", "skipped")], RUN).outcome).toBe("red");
  });

  it("is not green when the run was cut off, and red when something had failed", () => {
    const interrupted = { ...RUN, interrupted: true };
    expect(matrixOf(PARTLY, ok, interrupted).outcome).toBe("cut off");
    expect(matrixOf(PARTLY, [result(HOST, "answers", "failed")], interrupted).outcome).toBe("red");
  });
});
