import { mkdirSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { refuseElsewhere } from "../../cli/deployed-engine.ts";
import { CommandError } from "../../cli/errors.ts";
import { workspace } from "../../stacks/workspace.ts";
import { putOnPath, workInScratchFolder } from "../constructs/scratch.ts";
import { engineOf } from "./docker.ts";

const MEANT = engineOf({ host: "unix:///two.sock", context: "two" });

beforeEach(() => {
  workInScratchFolder();
});

/** An engine that has these containers, networks and volumes. */
function has(...ids: string[]): void {
  putOnPath({ docker: `case " ${ids.join(" ")} " in *" $4 "*) ;; *) exit 1 ;; esac` });
}

function deployedOn(host: string): void {
  mkdirSync(workspace.root(), { recursive: true });
  const resource = (type: string, id: string): unknown => ({
    type,
    instances: [{ attributes: { id } }],
  });
  writeFileSync(
    workspace.state("trial"),
    JSON.stringify({
      outputs: { docker: { value: { host } } },
      resources: [
        resource("docker_volume", "trial-data"),
        resource("docker_network", "n1"),
        resource("docker_container", "c1"),
        { type: "terraform_data", instances: [{}] },
      ],
    }),
  );
}

describe("an environment", () => {
  it("may be deployed anywhere where it is not deployed yet", async () => {
    await expect(refuseElsewhere("trial", MEANT)).resolves.toBeUndefined();
  });

  it("may be changed through the engine that it is deployed on", async () => {
    deployedOn("unix:///two.sock");
    has();
    await expect(refuseElsewhere("trial", MEANT)).resolves.toBeUndefined();
  });

  it.each(["c1", "n1"])("may be changed through another address of it, where %s is", async (id) => {
    deployedOn("unix:///one.sock");
    has(id);
    await expect(refuseElsewhere("trial", MEANT)).resolves.toBeUndefined();
  });

  it("is not touched through another engine, though that has a volume of the same name", async () => {
    deployedOn("unix:///one.sock");
    has("trial-data", "c2");
    const attempt = refuseElsewhere("trial", MEANT);
    await expect(attempt).rejects.toThrowError(CommandError);
    await expect(attempt).rejects.toThrowError(
      "trial is deployed on the engine at unix:///one.sock, and unix:///two.sock (docker context two) is meant now; ",
    );
  });

  it("is known by a state that is kept elsewhere as well", async () => {
    const deployed = {
      host: "unix:///one.sock",
      ids: ["c1"],
      place: "the state in backend pg (schema_name trial)",
    };
    has("c1");
    await expect(refuseElsewhere("trial", MEANT, deployed)).resolves.toBeUndefined();
    has("c2");
    await expect(refuseElsewhere("trial", MEANT, deployed)).rejects.toThrowError(
      /deployed on the engine at unix:\/\/\/one\.sock.* remove the state in backend pg \(schema_name trial\)$/,
    );
  });
});
