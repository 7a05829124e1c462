import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  commandLine,
  Containers,
  eventually,
  exec,
  logs,
  shareOfArchive,
  stop,
  succeed,
  TELL_CLASSES,
  type Env,
  type Refusal,
  type Result,
} from "./containers.ts";

/**
 * The image is judged from outside, by what a container of it does: the same definitions are meant
 * to run on confluentinc/cp-zookeeper. Build the images first, see images/README.md.
 */

const STANDALONE: Env = { ZOOKEEPER_CLIENT_PORT: "2181", ZOOKEEPER_TICK_TIME: "2000" };

const REFUSALS: readonly Refusal[] = [
  {
    what: "a server without a port",
    env: {},
    message:
      "error: ZOOKEEPER_CLIENT_PORT is not set; clients connect to it, usually 2181; or set ZOOKEEPER_SECURE_CLIENT_PORT",
  },
  {
    what: "a list of servers without a number among them",
    env: { ...STANDALONE, ZOOKEEPER_SERVERS: "a:2888:3888;b:2888:3888" },
    message:
      "error: ZOOKEEPER_SERVER_ID is not set; with ZOOKEEPER_SERVERS it says which of them this one is, from 1 on",
  },
  {
    what: "a number that is none",
    env: { ...STANDALONE, ZOOKEEPER_SERVER_ID: "one" },
    message: 'error: ZOOKEEPER_SERVER_ID is "one"; write a number, from 1 to 255',
  },
  {
    what: "a list of loggers that is not one",
    env: { ...STANDALONE, ZOOKEEPER_LOG4J_LOGGERS: "org.apache.zookeeper" },
    message: 'error: ZOOKEEPER_LOG4J_LOGGERS has "org.apache.zookeeper"; write logger=LEVEL',
  },
];

/** Asks a server one of its four-letter words, or an HTTP server for a path, with what the image has. */
async function ask(container: string, port: number, question: string): Promise<Result> {
  const script = 'exec 3<> "/dev/tcp/localhost/$0" && printf "$1" >&3 && cat <&3';
  return exec(container, "bash", "-c", script, String(port), question);
}

describe.each(["3.8.4", "3.6.3"])("zookeeper image %s", { timeout: 120_000 }, (version) => {
  const image = `kafka-platform-kit/zookeeper:${version}`;
  let containers: Containers;

  beforeAll(async () => {
    containers = await Containers.create("zookeeper-image", [image]);
  });

  afterAll(async () => {
    await containers.remove();
  });

  const serves = (container: string) =>
    eventually("srvr", container, async () => {
      const { exitCode, output } = await ask(container, 2181, "srvr");
      return { exitCode: output.includes("Mode: ") ? exitCode : 1, output };
    });

  describe("before it starts", () => {
    it.each(REFUSALS)("refuses $what", async ({ env, message }) => {
      expect(await containers.run(image, { env })).toMatchObject({ exitCode: 1, output: message });
    });

    it("refuses a folder that it cannot write to", async () => {
      const ofRoot = "type=tmpfs,destination=/var/lib/zookeeper/log,tmpfs-mode=0755";
      const started = { env: STANDALONE, options: ["--mount", ofRoot] };
      expect(await containers.run(image, started)).toMatchObject({
        exitCode: 1,
        output: "error: /var/lib/zookeeper/log is not writable for uid 1000, it belongs to uid 0",
      });
    });

    it("turns ZOOKEEPER_* variables into settings", async () => {
      const { output } = await containers.run(image, {
        env: {
          ZOOKEEPER_SERVER_ID: "2",
          ZOOKEEPER_SERVERS: "one:2888:3888;two:2888:3888; three:2888:3888",
          ZOOKEEPER_CLIENT_PORT: "12181",
          ZOOKEEPER_TICK_TIME: "1500",
          ZOOKEEPER_SYNC_LIMIT: "3",
          ZOOKEEPER_MAX_CLIENT_CNXNS: "7",
          ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT: "5",
          ZOOKEEPER_AUTOPURGE_PURGE_INTERVAL: "24",
          ZOOKEEPER_QUORUM_LISTEN_ON_ALL_IPS: "true",
          ZOOKEEPER_SSL_KEYSTORE_PASSWORD: String.raw`a\b c`,
          ZOOKEEPER_DATA_DIR: "/elsewhere",
          ZOOKEEPER_MIN_SESSION_TIMEOUT: "",
          ZOOKEEPER_LOG4J_ROOT_LOGLEVEL: "WARN",
          KAFKA_OPTS: "-Da=b",
        },
        command: [
          "bash",
          "-c",
          "cd /etc/confluent/docker && ./configure && ./ensure && cat /etc/kafka/zookeeper.properties /var/lib/zookeeper/data/myid",
        ],
      });
      expect(output.split("\n")).toEqual([
        "dataDir=/var/lib/zookeeper/data",
        "dataLogDir=/var/lib/zookeeper/log",
        "admin.enableServer=false",
        "autopurge.purgeInterval=24",
        "autopurge.snapRetainCount=5",
        "clientPort=12181",
        "initLimit=10",
        "maxClientCnxns=7",
        "quorumListenOnAllIPs=true",
        String.raw`ssl.keyStore.password=a\\b c`,
        "syncLimit=3",
        "tickTime=1500",
        "server.1=one:2888:3888",
        "server.2=two:2888:3888",
        "server.3=three:2888:3888",
        "2",
      ]);
    });

    it("keeps the settings, which may hold passwords, to its user", async () => {
      const { output } = await containers.run(image, {
        env: STANDALONE,
        command: [
          "bash",
          "-c",
          "/etc/confluent/docker/configure && stat -c '%a %u' /etc/kafka/zookeeper.properties",
        ],
      });
      expect(output).toBe("600 1000");
    });

    it("runs as uid and gid 1000, and owns its two fresh volumes", async () => {
      const { output } = await containers.run(image, {
        command: ["bash", "-c", "id -u; id -g; stat -c '%u %g %n' /var/lib/zookeeper/*"],
      });
      expect(output.split("\n")).toEqual([
        "1000",
        "1000",
        "1000 1000 /var/lib/zookeeper/data",
        "1000 1000 /var/lib/zookeeper/log",
      ]);
      const volumes = ["image", "inspect", "--format", "{{json .Config.Volumes}}", image];
      expect(JSON.parse(await succeed(volumes))).toEqual({
        "/var/lib/zookeeper/data": {},
        "/var/lib/zookeeper/log": {},
      });
    });
  });

  // One server's life, in order: each test goes on from where the one before left it.
  describe("in service", () => {
    let server: string;
    let volumes: readonly string[];

    const start = async (env: Env) => {
      server = await containers.start("server", image, {
        env: { ...STANDALONE, ...env },
        options: [
          ...["--memory", "512m"],
          ...["--volume", `${volumes[0]}:/var/lib/zookeeper/data`],
          ...["--volume", `${volumes[1]}:/var/lib/zookeeper/log`],
        ],
      });
      await serves(server);
    };

    const shell = (...command: readonly string[]) =>
      execa("docker", ["exec", server, "zookeeper-shell", "localhost:2181", ...command], {
        reject: false,
        timeout: 30_000,
      });

    beforeAll(async () => {
      volumes = [await containers.volume("data"), await containers.volume("log")];
      await start({
        KAFKA_OPTS: `-Dzookeeper.4lw.commands.whitelist=srvr,ruok -Xshare:on ${TELL_CLASSES}`,
        KAFKA_JMX_PORT: "9999",
        KAFKA_JMX_HOSTNAME: "127.0.0.1",
      });
    });

    it("has its classes from the archive of the image", async () => {
      expect(await shareOfArchive(server)).toBeGreaterThan(0.9);
    });

    it("runs the JVM as process 1, with the usual heap and the options given", async () => {
      expect(await commandLine(server)).toEqual(
        expect.arrayContaining([
          "java",
          "-Xmx512M",
          "-Xms512M",
          "-Dzookeeper.4lw.commands.whitelist=srvr,ruok",
          "-Dcom.sun.management.jmxremote.port=9999",
          "-Dcom.sun.management.jmxremote.rmi.port=9999",
          "-Djava.rmi.server.hostname=127.0.0.1",
        ]),
      );
    });

    it("answers the four-letter words that KAFKA_OPTS allows, and no other", async () => {
      expect((await ask(server, 2181, "srvr")).output).toMatch(
        new RegExp(`^Zookeeper version: ${version}[^]*\\nMode: standalone\\n`),
      );
      expect((await ask(server, 2181, "ruok")).output).toBe("imok");
      expect((await ask(server, 2181, "stat")).output).toBe(
        "stat is not executed because it is not in the whitelist.",
      );
    });

    it("answers on the JMX port, and runs no web server that nobody asked for", async () => {
      const connect = (port: number) => exec(server, "bash", "-c", `</dev/tcp/127.0.0.1/${port}`);
      expect((await connect(9999)).exitCode).toBe(0);
      expect((await connect(8080)).output).toContain("Connection refused");
    });

    it("has a shell whose answers are on its standard output", async () => {
      expect(await shell("create", "/greeting", "hello")).toMatchObject({ exitCode: 0 });
      const read = await shell("get", "/greeting");
      expect(read.stdout.split("\n").at(-1)).toBe("hello");
      expect(read.stderr).toBe("");
      expect((await shell("ls", "/")).stdout.split("\n").at(-1)).toBe("[greeting, zookeeper]");
    });

    it("has a shell that fails where there is no such path", async () => {
      expect(await shell("get", "/nowhere")).toMatchObject({
        exitCode: 1,
        stderr: "Node does not exist: /nowhere",
      });
    });

    it("logs to the container's output at INFO", async () => {
      expect(await logs(server)).toMatch(/^\[.*\] INFO .*binding to port .*2181/m);
    });

    it("ends when it is stopped", async () => {
      expect(await stop(server)).toBe("143 false");
    });

    it("finds its data again when the container is replaced, and logs at the level asked for", async () => {
      await succeed(["rm", "--volumes", server]);
      await start({
        ZOOKEEPER_LOG4J_ROOT_LOGLEVEL: "ERROR",
        ZOOKEEPER_LOG4J_LOGGERS: "org.apache.zookeeper.server.persistence=INFO",
      });
      expect((await shell("get", "/greeting")).stdout.split("\n").at(-1)).toBe("hello");
      const informing = (await logs(server))
        .split("\n")
        .filter((line) => / (INFO|WARN) /.test(line));
      expect(informing).not.toEqual([]);
      expect(
        informing.filter((line) => !line.includes("(org.apache.zookeeper.server.persistence.")),
      ).toEqual([]);
    });
  });

  it("makes an ensemble of three, of which one leads", async () => {
    const ids = ["1", "2", "3"];
    const env: Env = {
      ...STANDALONE,
      ZOOKEEPER_SERVERS: ids.map((id) => `zk-${id}:2888:3888`).join(";"),
      KAFKA_HEAP_OPTS: "-Xmx96M",
    };
    const servers = await Promise.all(
      ids.map((id) =>
        containers.start(`zk-${id}`, image, {
          env: {
            ...env,
            ZOOKEEPER_SERVER_ID: id,
            ...(id === "3" ? { ZOOKEEPER_ADMIN_ENABLE_SERVER: "true" } : {}),
          },
          options: ["--memory", "256m"],
        }),
      ),
    );
    const modes = await Promise.all(
      servers.map(async (server) => /Mode: (\w+)/.exec(await serves(server))?.[1]),
    );
    expect(modes.sort()).toEqual(["follower", "follower", "leader"]);
    const [first = "", , third = ""] = servers;
    await succeed(["exec", first, "zookeeper-shell", "zk-1:2181", "create", "/a", "everywhere"]);
    const everywhere = ["zookeeper-shell", "zk-3:2181", "get", "-s", "/a"];
    expect((await exec(third, ...everywhere)).printed).toContain("everywhere");
    const request = String.raw`GET /commands/ruok HTTP/1.0\r\n\r\n`;
    expect((await ask(third, 8080, request)).output).toMatch(/^HTTP\/1\.1 200 [^]*"ruok"/);
  });
});
