import { describe, expect, it, vi } from "vitest";
import { ListenerTrial } from "../../../constructs/private/listener-trial.ts";
import { putOnPath } from "../scratch.ts";

/** A listener that nobody serves: where its clients can be stood in for, it is at fault. */
const NOBODY = {
  name: "HOST",
  vantage: "host",
  network: "net",
  brokers: [{ id: 1, container: "kafka-1", address: "localhost:1" }],
} as const;

/** Tries it beside a docker command whose context means this engine, and whose network has this gateway. */
async function faultsBeside(context: string, gateway: string, variables: Record<string, string>) {
  putOnPath({ docker: `case $1 in context) ${context} ;; network) echo ${gateway} ;; esac` });
  for (const [name, value] of Object.entries({ DOCKER_HOST: "", ...variables })) {
    vi.stubEnv(name, value);
  }
  try {
    return await new ListenerTrial(NOBODY).faults();
  } finally {
    vi.unstubAllEnvs();
  }
}

describe("a listener on the Docker host", () => {
  it.each([
    ["docker's context means this machine", "echo unix:///var/run/docker.sock", {}],
    ["the docker command knows no contexts", "exit 125", {}],
    ["the variable says this machine", "exit 1", { DOCKER_HOST: "unix:///run/docker.sock" }],
  ])("is tried where %s", async (_, context, variables) => {
    expect(await faultsBeside(context, "127.0.0.1", variables)).toEqual([
      expect.stringMatching(/^localhost:1 refuses connections from this host;/),
    ]);
  });

  it.each([
    ["docker's context means another machine", "echo ssh://docker@elsewhere", "127.0.0.1", {}],
    [
      "the variable says another machine",
      "exit 1",
      "127.0.0.1",
      { DOCKER_HOST: "tcp://elsewhere:2376" },
    ],
    [
      "this is a pod with the socket of its node's engine",
      "echo unix:///var/run/docker.sock",
      "192.0.2.1",
      { KUBERNETES_SERVICE_HOST: "10.96.0.1" },
    ],
  ])("is not tried where %s", async (_, context, gateway, variables) => {
    expect(await faultsBeside(context, gateway, variables)).toEqual([]);
  });
});
