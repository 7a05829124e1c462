import { expect, it } from "vitest";
import { Listener, Metadata } from "../../../constructs/index.ts";
import {
  brokerSettings,
  controllerSettings,
} from "../../../constructs/private/listener-settings.ts";

const ONE = [{ id: 1, host: "dev-kafka-1" }];
const CONTROLLERS = [{ id: 101, host: "dev-kafka-controller-1" }];
const TWO = [...ONE, { id: 2, host: "dev-kafka-2" }];

it.each([
  {
    title: "a listener of each vantage",
    node: ONE[0]!,
    voters: ONE,
    metadata: Metadata.kraft(),
    listeners: [
      Listener.network(),
      Listener.host(),
      Listener.external({ name: "LAN", address: "192.168.56.101" }),
    ],
    settings: {
      "node.id": "1",
      "process.roles": "broker,controller",
      listeners:
        "BROKER://0.0.0.0:19091,NETWORK://0.0.0.0:19092,HOST://0.0.0.0:9092,LAN://0.0.0.0:9192,CONTROLLER://dev-kafka-1:19093",
      "advertised.listeners":
        "BROKER://dev-kafka-1:19091,NETWORK://dev-kafka-1:19092,HOST://localhost:9092,LAN://192.168.56.101:9192",
      "listener.security.protocol.map":
        "BROKER:PLAINTEXT,NETWORK:PLAINTEXT,HOST:PLAINTEXT,LAN:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "BROKER",
      "controller.listener.names": "CONTROLLER",
      "controller.quorum.voters": "1@dev-kafka-1:19093",
    },
  },
  {
    title: "IPv6 in brackets, a DNS name as it is",
    node: ONE[0]!,
    voters: ONE,
    metadata: Metadata.kraft(),
    listeners: [
      Listener.external({ name: "LAN", address: "2001:db8::7" }),
      Listener.external({
        name: "INTERNET",
        address: "kafka.example.org",
        bindAddress: "0.0.0.0",
        port: 443,
      }),
    ],
    settings: {
      "node.id": "1",
      "process.roles": "broker,controller",
      listeners:
        "BROKER://0.0.0.0:19091,LAN://0.0.0.0:9192,INTERNET://0.0.0.0:443,CONTROLLER://dev-kafka-1:19093",
      "advertised.listeners":
        "BROKER://dev-kafka-1:19091,LAN://[2001:db8::7]:9192,INTERNET://kafka.example.org:443",
      "listener.security.protocol.map":
        "BROKER:PLAINTEXT,LAN:PLAINTEXT,INTERNET:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "BROKER",
      "controller.listener.names": "CONTROLLER",
      "controller.quorum.voters": "1@dev-kafka-1:19093",
    },
  },
  {
    title: "the second of two nodes has host ports of its own",
    node: TWO[1]!,
    voters: TWO,
    metadata: Metadata.kraft(),
    listeners: [Listener.network(), Listener.host()],
    settings: {
      "node.id": "2",
      "process.roles": "broker,controller",
      listeners:
        "BROKER://0.0.0.0:19091,NETWORK://0.0.0.0:19092,HOST://0.0.0.0:9092,CONTROLLER://dev-kafka-2:19093",
      "advertised.listeners":
        "BROKER://dev-kafka-2:19091,NETWORK://dev-kafka-2:19092,HOST://localhost:9093",
      "listener.security.protocol.map":
        "BROKER:PLAINTEXT,NETWORK:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "BROKER",
      "controller.listener.names": "CONTROLLER",
      "controller.quorum.voters": "1@dev-kafka-1:19093,2@dev-kafka-2:19093",
    },
  },
  {
    title: "a broker beside its controllers has nothing for them to reach",
    node: TWO[1]!,
    voters: CONTROLLERS,
    metadata: Metadata.kraft({ controllers: 1 }),
    listeners: [Listener.network()],
    settings: {
      "node.id": "2",
      "process.roles": "broker",
      listeners: "BROKER://0.0.0.0:19091,NETWORK://0.0.0.0:19092",
      "advertised.listeners": "BROKER://dev-kafka-2:19091,NETWORK://dev-kafka-2:19092",
      "listener.security.protocol.map": "BROKER:PLAINTEXT,NETWORK:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "BROKER",
      "controller.listener.names": "CONTROLLER",
      "controller.quorum.voters": "101@dev-kafka-controller-1:19093",
    },
  },
  {
    title: "a broker's own address and ports win over the rule",
    node: {
      id: 3,
      host: "dev-kafka-3",
      published: {
        HOST: { port: 29092 },
        LAN: { port: 9192, address: "192.168.56.103" },
      },
    },
    voters: CONTROLLERS,
    metadata: Metadata.kraft({ controllers: 1 }),
    listeners: [
      Listener.host(),
      Listener.external({ name: "LAN", address: "192.168.56.101" }),
      Listener.external({
        name: "WAN",
        address: "kafka.example.org",
        bindAddress: "0.0.0.0",
        port: 9500,
      }),
    ],
    settings: {
      "node.id": "3",
      "process.roles": "broker",
      listeners: "BROKER://0.0.0.0:19091,HOST://0.0.0.0:9092,LAN://0.0.0.0:9192,WAN://0.0.0.0:9500",
      "advertised.listeners":
        "BROKER://dev-kafka-3:19091,HOST://localhost:29092,LAN://192.168.56.103:9192,WAN://kafka.example.org:9502",
      "listener.security.protocol.map":
        "BROKER:PLAINTEXT,HOST:PLAINTEXT,LAN:PLAINTEXT,WAN:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "BROKER",
      "controller.listener.names": "CONTROLLER",
      "controller.quorum.voters": "101@dev-kafka-controller-1:19093",
    },
  },
  {
    title: "with ZooKeeper there is no controller to reach",
    node: TWO[1]!,
    voters: TWO,
    metadata: Metadata.zooKeeper({ connect: "zoo-1:2181,zoo-2:2181", containers: [] }),
    listeners: [Listener.network(), Listener.host()],
    settings: {
      "broker.id": "2",
      "zookeeper.connect": "zoo-1:2181,zoo-2:2181",
      listeners: "BROKER://0.0.0.0:19091,NETWORK://0.0.0.0:19092,HOST://0.0.0.0:9092",
      "advertised.listeners":
        "BROKER://dev-kafka-2:19091,NETWORK://dev-kafka-2:19092,HOST://localhost:9093",
      "listener.security.protocol.map": "BROKER:PLAINTEXT,NETWORK:PLAINTEXT,HOST:PLAINTEXT",
      "inter.broker.listener.name": "BROKER",
    },
  },
])("$title", ({ node, voters, listeners, metadata, settings }) => {
  expect(brokerSettings(node, voters, listeners, metadata)).toEqual(settings);
});

it("a controller that is no broker advertises nothing", () => {
  expect(controllerSettings(CONTROLLERS[0]!, CONTROLLERS)).toEqual({
    "node.id": "101",
    "process.roles": "controller",
    listeners: "CONTROLLER://dev-kafka-controller-1:19093",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "controller.quorum.voters": "101@dev-kafka-controller-1:19093",
  });
});
