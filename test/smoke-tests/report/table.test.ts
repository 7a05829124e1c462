import { expect, it } from "vitest";
import { matrixOf } from "../../../smoke-tests/report/matrix.ts";
import { table } from "../../../smoke-tests/report/table.ts";
import { cellsOf, green, PARTLY, result, RUN } from "./platforms.ts";

it("has a row a way in, an address a line, and says what is not deployed", () => {
  expect(table(green(PARTLY))).toMatchInlineSnapshot(`
    "dev: green, 8 proven, 0 failed, 0 not tried

       what             from        address                  with     result
    ✔  Kafka HOST       the host    localhost:9092           kafkajs  2 proven
                                    localhost:9093
                                    localhost:9094
    ✔  Kafka NETWORK    containers  dev-kafka-1:19092        kafkajs  2 proven
                                    dev-kafka-2:19092
                                    dev-kafka-3:19092
    ✔  Broker loss      containers  dev-kafka-1:19092        HTTP     2 proven
                                    dev-kafka-2:19092
                                    dev-kafka-3:19092
    –  ZooKeeper                                                      not deployed
    –  Schema Registry                                                not deployed
    ✔  Connect          containers  http://dev-connect:8083  HTTP     2 proven
    –  ksqlDB                                                         not deployed
    –  ksqlDB CLI                                                     not deployed
    –  REST Proxy                                                     not deployed"
  `);
});

it("tells what failed, what was not tried and why, and what broke outside of the tests", () => {
  const [host, network, , connect] = cellsOf(PARTLY);
  const results = [
    result(host, "answers"),
    result(host, "keeps its data", "skipped", "KAFKA_PLATFORM_RESTARTS is no"),
    result(network, "answers", "failed", "long reason"),
    result(network, "carries", "skipped", '"answers" failed'),
    result(connect, "answers", "skipped", "no engine"),
    result(undefined, "is something else"),
  ];
  const errors = ["ksqldb.smoke.ts: \u{1b}[31mcannot be loaded\u{1b}[39m"];
  expect(table(matrixOf(PARTLY, results, { ...RUN, errors }))).toMatchInlineSnapshot(`
    "dev: red, 2 proven, 2 failed, 4 not tried

       what             from        address                  with     result
    ✔  Kafka HOST       the host    localhost:9092           kafkajs  1 proven, 1 not tried
                                    localhost:9093
                                    localhost:9094
    ✘  Kafka NETWORK    containers  dev-kafka-1:19092        kafkajs  1 failed, 1 not tried
                                    dev-kafka-2:19092
                                    dev-kafka-3:19092
    –  Broker loss      containers  dev-kafka-1:19092                 not tried (no smoke test has come to it)
                                    dev-kafka-2:19092
                                    dev-kafka-3:19092
    –  ZooKeeper                                                      not deployed
    –  Schema Registry                                                not deployed
    –  Connect          containers  http://dev-connect:8083  HTTP     not tried (no engine)
    –  ksqlDB                                                         not deployed
    –  ksqlDB CLI                                                     not deployed
    –  REST Proxy                                                     not deployed
    ✔  somewhere                                                      1 proven

    outside of all tests: ksqldb.smoke.ts: cannot be loaded
    not tried of Kafka HOST from the host: keeps its data (KAFKA_PLATFORM_RESTARTS is no)
    failed of Kafka NETWORK from containers: answers: long reason"
  `);
});
