import type { Inspected } from "../../doctor/neighbours.ts";

/** What `docker inspect` says of a container. */
export function inspected({
  name,
  status = "running",
  labels = {},
  env = {},
  networks = {},
  published = [],
  mode = "default",
}: {
  readonly name: string;
  readonly status?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly networks?: Readonly<
    Record<string, { readonly Aliases?: readonly string[]; readonly IPAddress?: string }>
  >;
  /** Address and port on the host. */
  readonly published?: readonly (readonly [string, number])[];
  readonly mode?: string;
}): Inspected {
  const ports = Object.fromEntries(
    published.map(([HostIp, port]) => [`${port}/tcp`, [{ HostIp, HostPort: String(port) }]]),
  );
  return {
    Name: `/${name}`,
    State: { Status: status },
    Config: { Labels: labels, Env: Object.entries(env).map(([key, value]) => `${key}=${value}`) },
    HostConfig: { NetworkMode: mode, PortBindings: ports },
    NetworkSettings: { Ports: status === "running" ? ports : {}, Networks: networks },
  };
}
