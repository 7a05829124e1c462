import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { containersOf } from "../../cli/engine-objects.ts";
import { CommandError } from "../../cli/errors.ts";
import { checkDisk, checkNamesAndPorts } from "../../cli/preflight.ts";
import type { ProgramContainer } from "../../cli/terraform-stack.ts";
import { putOnPath, workInScratchFolder } from "../constructs/scratch.ts";
import { engineOf, inspectJson, type Inspected } from "./docker.ts";

const LOCAL = engineOf({ dataRoot: tmpdir() });
const REMOTE = engineOf({
  host: "tcp://10.0.0.5:2375",
  dataRoot: "/no/such/folder",
  isLocal: false,
});
const DESKTOP = engineOf({ kind: "Docker Desktop", dataRoot: "/no/such/folder", isLocal: false });

describe("checkDisk", () => {
  it("accepts a disk that has room", () => {
    expect(() => {
      checkDisk(LOCAL, 1);
    }).not.toThrowError();
  });

  it("rejects one that has too little, naming what is free and what is needed", () => {
    const check = (): void => {
      checkDisk(LOCAL, 2 ** 70);
    };
    expect(check).toThrowError(CommandError);
    expect(check).toThrowError(
      /^\S+ has [\d.]+ GiB free, and the images need 1099511627776\.0 GiB; free space there /,
    );
    expect(check).toThrowError(tmpdir());
  });

  it.each([
    { where: "another machine", engine: REMOTE },
    { where: "a virtual machine, though its socket is here", engine: DESKTOP },
  ])("leaves the disk of $where to that machine", ({ engine }) => {
    expect(() => {
      checkDisk(engine, 2 ** 70);
    }).not.toThrowError();
  });
});

describe("checkNamesAndPorts", () => {
  let engine: string;

  beforeEach(() => {
    workInScratchFolder();
    engine = putOnPath({
      docker: `
case "$1 $2" in
"inspect --type") if [ "$4" = 0123 ]; then cat "$here/containers.json"; else cat "$here/named.json"; fi ;;
"container ls") [ "$(cat "$here/containers.json")" = "[]" ] || echo 0123 ;;
"network inspect"|"volume inspect") cat "$here/$1.json" 2>/dev/null ;;
"ps --filter") cat "$here/publisher" 2>/dev/null ;;
esac`,
    });
    containersAre();
  });

  function containersAre(...containers: Inspected[]): void {
    writeFileSync(join(engine, "containers.json"), inspectJson(containers));
    const named = containers.filter(({ name = "trial-kafka-1" }) => name === "trial-kafka-1");
    writeFileSync(join(engine, "named.json"), inspectJson(named));
  }

  /** Listens on a free port of the address, in this very process. */
  async function listen(address = "127.0.0.1"): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen({ host: address, port: 0 }, resolve);
    });
    onTestFinished(async () => {
      await new Promise((resolve) => {
        server.close(resolve);
      });
    });
    return (server.address() as AddressInfo).port;
  }

  function program(container: ProgramContainer): Parameters<typeof checkNamesAndPorts>[2] {
    return {
      containers: () => [container],
      networks: () => [{ address: "terraform_data.a", name: "trial-network" }],
      volumes: () => [{ address: "docker_volume.a", name: "trial-kafka-1-data" }],
    };
  }

  async function checkWith(container: ProgramContainer, at = LOCAL): Promise<void> {
    await checkNamesAndPorts("trial", at, program(container), await containersOf("trial"));
  }

  function check(ports: { ip: string; external: number }[], at = LOCAL): Promise<void> {
    return checkWith({ name: "trial-kafka-1", ports }, at);
  }

  const OURSELVES = `${readFileSync("/proc/self/comm", "utf8").trim()} (process ${process.pid})`;

  it("accepts free ports, and containers without any", async () => {
    // Port 0 is whichever is free.
    await expect(check([{ ip: "127.0.0.1", external: 0 }])).resolves.toBeUndefined();
    await expect(checkWith({ name: "trial-kafka-1" })).resolves.toBeUndefined();
  });

  it.each(["127.0.0.1", "0.0.0.0"])(
    "rejects a port that a program holds on %s, naming port and process",
    async (address) => {
      const port = await listen(address);
      await expect(check([{ ip: "127.0.0.1", external: port }])).rejects.toThrowError(
        new CommandError(
          `trial-kafka-1 needs port ${port} on 127.0.0.1, which ${OURSELVES} holds; stop that, or choose another port in the environment's file`,
        ),
      );
    },
  );

  it("rejects all of an address's port when a program holds it on one", async () => {
    const port = await listen();
    await expect(check([{ ip: "0.0.0.0", external: port }])).rejects.toThrowError(
      `trial-kafka-1 needs port ${port} on 0.0.0.0, which ${OURSELVES} holds; `,
    );
  });

  it("names the container that publishes a port", async () => {
    const port = await listen();
    writeFileSync(join(engine, "publisher"), "other-kafka\n");
    await expect(check([{ ip: "127.0.0.1", external: port }])).rejects.toThrowError(
      `trial-kafka-1 needs port ${port} on 127.0.0.1, which the container other-kafka holds; `,
    );
  });

  it("rejects a container of that name which is not the environment's", async () => {
    containersAre({ labels: {}, image: "confluentinc/cp-kafka:7.0.1" });
    await expect(check([])).rejects.toThrowError(
      new CommandError(
        "a container trial-kafka-1 (confluentinc/cp-kafka:7.0.1) is there that is not of environment trial; rename or remove it",
      ),
    );
  });

  it.each(["network", "volume"])(
    "rejects a %s of that name which is not the environment's: a destroy would remove it",
    async (kind) => {
      const name = { network: "trial-network", volume: "trial-kafka-1-data" }[kind];
      const file = join(engine, `${kind}.json`);
      for (const labels of [null, {}, { "kafka-platform-kit.environment": "other" }]) {
        writeFileSync(file, JSON.stringify([{ Id: "n1", Name: name, Labels: labels }]));
        await expect(check([])).rejects.toThrowError(
          `a ${kind} ${name} is there that is not of environment trial; `,
        );
      }
      const labels = { "kafka-platform-kit.environment": "trial" };
      writeFileSync(file, JSON.stringify([{ Id: "n1", Name: name, Labels: labels }]));
      await expect(check([])).resolves.toBeUndefined();
    },
  );

  it("names every conflict", async () => {
    containersAre({ labels: { "kafka-platform-kit.environment": "dev" } });
    const [one, two] = [await listen(), await listen()];
    const error: unknown = await check([
      { ip: "127.0.0.1", external: one },
      { ip: "127.0.0.1", external: two },
    ]).catch((thrown: unknown) => thrown);
    expect((error as CommandError).message.split("\n")).toEqual([
      expect.stringContaining("a container trial-kafka-1 "),
      expect.stringContaining(`needs port ${one} `),
      expect.stringContaining(`needs port ${two} `),
    ]);
  });

  it("accepts a port that the environment's own container publishes", async () => {
    const port = await listen();
    containersAre({ published: [`127.0.0.1:${port}`] });
    await expect(check([{ ip: "127.0.0.1", external: port }])).resolves.toBeUndefined();
  });

  it("accepts it too where the container is to publish it on all addresses from now on", async () => {
    const port = await listen();
    containersAre({ published: [`127.0.0.1:${port}`] });
    await expect(check([{ ip: "0.0.0.0", external: port }])).resolves.toBeUndefined();
  });

  it.each(["running", "paused", "restarting"])(
    "accepts one that a %s container of the environment's publishes, whatever its name",
    async (status) => {
      const port = await listen();
      containersAre({ name: "trial-broker-1", status, published: [`127.0.0.1:${port}`] });
      await expect(check([{ ip: "127.0.0.1", external: port }])).resolves.toBeUndefined();
    },
  );

  it("rejects a port that was taken while the environment's own container was stopped", async () => {
    const port = await listen();
    containersAre({ status: "exited", published: [`127.0.0.1:${port}`] });
    await expect(check([{ ip: "127.0.0.1", external: port }])).rejects.toThrowError(OURSELVES);
  });

  it("cannot know the ports of another machine", async () => {
    const port = await listen();
    await expect(check([{ ip: "127.0.0.1", external: port }], REMOTE)).resolves.toBeUndefined();
  });
});
