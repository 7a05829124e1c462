import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { messageOf } from "./deadline.ts";
import type { Dial } from "./dial.ts";
import type { Docker } from "./docker.ts";
import { HERE, onNetworkCalled, type Place } from "./explain.ts";
import { Tunnel } from "./tunnel.ts";

/** Where a client stands: a place from which connections can be opened. */
export interface Standpoint {
  readonly place: Place;
  readonly dial: Dial;
}

/** Nobody can be put there: no engine, no such network, or no image that serves. */
export class StandpointError extends Error {
  override name = "StandpointError";
}

/** This machine. */
export const thisHost: Standpoint = {
  place: HERE,
  // A name with several addresses: the next is tried after as long as slow networks need.
  dial: ({ host, port }) => connect({ host, port, autoSelectFamilyAttemptTimeout: 2000 }),
};

/** Images without bash are not few. */
const IMAGES_TRIED = 8;
/** For the start of a container, however many images are tried. */
const START_SECONDS = 60;

/** Containers on Docker networks, each started when it is first needed; {@link close} removes them all. */
export class Standpoints {
  readonly #docker: Docker | undefined;
  readonly #opened = new Map<string, Promise<Standpoint>>();
  readonly #names: string[] = [];
  #closed = false;

  /** @param docker undefined where there is no engine */
  constructor(docker: Docker | undefined) {
    this.#docker = docker;
  }

  /**
   * A container on a network.
   *
   * @throws StandpointError
   */
  network(network: string): Promise<Standpoint> {
    const opened = this.#opened.get(network) ?? this.#open(network);
    this.#opened.set(network, opened);
    return opened;
  }

  /** Removes what was started, also what is only just starting. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#opened.values());
    await Promise.all(this.#names.splice(0).map((name) => this.#docker?.remove(name)));
  }

  async #open(network: string): Promise<Standpoint> {
    const docker = this.#docker;
    if (docker === undefined) {
      throw new StandpointError(
        `network "${network}" needs a Docker engine, and none is known; set DOCKER_HOST, or leave out --from to look from this host`,
      );
    }
    await refuseUnknown(docker, network);
    const images = await imagesFor(docker, network);
    const refusals: string[] = [];
    const end = Date.now() + START_SECONDS * 1000;
    for (const image of images.slice(0, IMAGES_TRIED)) {
      if (this.#closed) throw new StandpointError("the look has ended");
      const seconds = (end - Date.now()) / 1000;
      if (seconds <= 0) break;
      const name = `kafka-platform-kit-doctor-${randomBytes(6).toString("hex")}`;
      this.#names.push(name);
      try {
        await docker.startIdle({ name, oneOff: "doctor", image, network, seconds });
        return {
          place: onNetworkCalled(network),
          dial: (to) => new Tunnel(docker, name, to),
        };
      } catch (error) {
        refusals.push(messageOf(error));
        // Made, but not started: without bash in it, for instance.
        await docker.remove(name);
        this.#names.splice(this.#names.indexOf(name), 1);
      }
    }
    throw new StandpointError(
      `no container can be started on network "${network}": ${refusals.at(-1) ?? "the engine has no image, and none is pulled for this; pull one that has bash, such as debian"}`,
    );
  }
}

async function refuseUnknown(docker: Docker, network: string): Promise<void> {
  const listed = await docker
    .run(["network", "ls", "--format", "{{.Name}}"])
    .catch((error: unknown) => {
      throw new StandpointError(messageOf(error));
    });
  const names = listed.split("\n").filter((name) => name !== "" && name !== "none");
  if (names.includes(network)) return;
  throw new StandpointError(
    `there is no Docker network "${network}"; there are ${names.sort().join(", ")}`,
  );
}

/** Images that are here, those first that are likely to have bash: of what runs there, this kit's, well-known ones. */
async function imagesFor(docker: Docker, network: string): Promise<string[]> {
  const ids = await docker.run(["ps", "--quiet", "--filter", `network=${network}`]);
  const containers = ids.split("\n").filter((id) => id !== "");
  const running =
    containers.length === 0
      ? ""
      : await docker.run(["container", "inspect", "--format", "{{.Image}}", ...containers]);
  const tags = await docker.run(["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
  const tagged = tags.split("\n").filter((tag) => tag !== "" && !tag.includes("<none>"));
  const rank = (tag: string): number => {
    const at = LIKELY.findIndex((pattern) => pattern.test(tag));
    return at < 0 ? LIKELY.length : at;
  };
  tagged.sort((a, b) => rank(a) - rank(b));
  return [...new Set([...running.split("\n").filter((id) => id !== ""), ...tagged])];
}

const LIKELY = [
  /^kafka-platform-kit\//,
  /(^|\/)cp-[a-z-]+:/,
  /(^|\/)kafka:/,
  /(^|\/)(debian|ubuntu|fedora|rockylinux|almalinux|bash|buildpack-deps|node|python):/,
];
