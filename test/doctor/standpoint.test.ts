import { describe, expect, test } from "vitest";
import { Docker } from "../../doctor/docker.ts";
import { Standpoints } from "../../doctor/standpoint.ts";

/** An engine of words; what it was told is kept. What stands on a real one is tried in test/e2e/doctor.test.ts. */
class Words extends Docker {
  readonly told: string[] = [];
  readonly #isFit: (image: string) => boolean;

  constructor(isFit: (image: string) => boolean = () => true) {
    super("unix:///nonesuch.sock");
    this.#isFit = isFit;
  }

  override run(args: readonly string[]): Promise<string> {
    const [first = "", second = ""] = args;
    if (first === "network") return Promise.resolve("theirs\nbridge\nnone\n");
    if (first === "ps") return Promise.resolve("0123\n");
    if (first === "container") return Promise.resolve("sha256:running\n");
    if (first === "image") {
      return Promise.resolve("postgres:16\ndebian:12\n<none>:<none>\nkafka-platform-kit/java:17\n");
    }
    const image = args.at(-3) ?? "";
    this.told.push(first === "run" ? `run ${image}` : `${first} ${second}`);
    if (first === "run" && !this.#isFit(image))
      return Promise.reject(new Error(`no bash: ${image}`));
    return Promise.resolve("id\n");
  }
}

describe("a container on a network", () => {
  test("is started once, from the image of one that runs there, and removed at the end", async () => {
    const docker = new Words();
    const standpoints = new Standpoints(docker);
    const [one, two] = await Promise.all([
      standpoints.network("theirs"),
      standpoints.network("theirs"),
    ]);
    expect(one).toBe(two);
    expect(one.place).toEqual({ words: 'a container on network "theirs"', network: "theirs" });
    await standpoints.close();
    expect(docker.told).toEqual(["run sha256:running", "rm --force"]);
  });

  test("is started from the next image where one has no bash, and what did not start is removed", async () => {
    const docker = new Words((image) => image === "debian:12");
    const standpoints = new Standpoints(docker);
    await standpoints.network("theirs");
    expect(docker.told).toEqual([
      "run sha256:running",
      "rm --force",
      "run kafka-platform-kit/java:17",
      "rm --force",
      "run debian:12",
    ]);
    await standpoints.close();
    expect(docker.told.at(-1)).toBe("rm --force");
  });

  test("is not to be had where no image serves", async () => {
    const docker = new Words(() => false);
    const standpoints = new Standpoints(docker);
    await expect(standpoints.network("theirs")).rejects.toThrow(
      'no container can be started on network "theirs": no bash: postgres:16',
    );
    await standpoints.close();
    expect(docker.told).toHaveLength(8);
  });

  test("is removed where the end comes while it starts", async () => {
    const docker = new Words();
    const standpoints = new Standpoints(docker);
    const started = standpoints.network("theirs").catch(() => undefined);
    await standpoints.close();
    await started;
    expect(docker.told.filter((each) => each.startsWith("run"))).toHaveLength(
      docker.told.filter((each) => each.startsWith("rm")).length,
    );
  });

  test("needs a network that is there", async () => {
    await expect(new Standpoints(new Words()).network("nope")).rejects.toThrow(
      'there is no Docker network "nope"; there are bridge, theirs',
    );
  });

  test("needs an engine, and one that answers", async () => {
    await expect(new Standpoints(undefined).network("theirs")).rejects.toThrow(
      'network "theirs" needs a Docker engine, and none is known; set DOCKER_HOST',
    );
    const silent = new Standpoints(new Docker("unix:///nonesuch.sock"));
    await expect(silent.network("theirs")).rejects.toThrow(
      /^"docker network ls …" on unix:\/\/\/nonesuch\.sock failed: /,
    );
  });
});
