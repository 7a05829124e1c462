import type { Engine } from "../../cli/prepare/engine.ts";

/** An engine as the commands know it: this machine's own, unless it says otherwise. */
export function engineOf(changes: Partial<Engine> = {}): Engine {
  return {
    host: "unix:///var/run/docker.sock",
    context: undefined,
    version: "20.10.24",
    kind: undefined,
    architecture: "amd64",
    dataRoot: "/var/lib/docker",
    isLocal: true,
    ...changes,
  };
}

/** What `docker inspect` says of a container, as far as the commands read it. */
export interface Inspected {
  readonly id?: string;
  readonly name?: string;
  readonly image?: string;
  readonly status?: string;
  readonly health?: string;
  readonly startedAt?: string;
  /** `address:port` on the host. */
  readonly published?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** The answer of `docker inspect` for these containers. */
export function inspectJson(containers: readonly Inspected[]): string {
  return JSON.stringify(
    containers.map((container) => ({
      Id: container.id ?? "0123",
      Name: `/${container.name ?? "trial-kafka-1"}`,
      Config: {
        Image: container.image ?? "kafka-platform-kit/kafka:4.1.1",
        Labels: container.labels ?? { "kafka-platform-kit.environment": "trial" },
      },
      State: {
        Status: container.status ?? "running",
        StartedAt: container.startedAt ?? "2026-11-22T22:22:22Z",
        ...(container.health === undefined ? {} : { Health: { Status: container.health } }),
      },
      HostConfig: {
        PortBindings: Object.fromEntries(
          (container.published ?? []).map((published, i) => {
            const at = published.lastIndexOf(":");
            const binding = { HostIp: published.slice(0, at), HostPort: published.slice(at + 1) };
            return [`${9092 + i}/tcp`, [binding]];
          }),
        ),
      },
    })),
  );
}

/** A docker command that lists and shows the containers of the file `containers.json` beside it. */
export const DOCKER_WITH_CONTAINERS = `
echo "$*" >>"$here/calls"
case "$1 $2" in
"container ls") echo 0123 ;;
"inspect --type") cat "$here/containers.json" ;;
esac`;
