import { brokersOnly } from "../test/e2e/checkout.ts";

/** A platform that is measured: one of this checkout's environments, under a name and on ports of its own. */
export interface Platform {
  /** In keys and figures. */
  readonly name: "broker" | "platform" | "cluster";
  /** What it is, for people. */
  readonly title: string;
  /** The environment that is measured. */
  readonly environment: string;
  /** The environment that it is made from. */
  readonly from: string;
  /** What its file says, made from what that of the other one says. */
  settings(from: string): string;
}

/** All of them. */
export const PLATFORMS: readonly Platform[] = [
  {
    name: "broker",
    title: "dev's broker alone",
    environment: "bench-broker",
    from: "dev",
    settings: (dev) => onOwnPorts(brokersOnly(dev)),
  },
  {
    name: "platform",
    title: "all of dev that local images give: broker, schema registry, Connect",
    environment: "bench-platform",
    from: "dev",
    settings: onOwnPorts,
  },
  {
    name: "cluster",
    title: "three brokers and three controllers",
    environment: "bench-cluster",
    from: "cluster",
    settings: onOwnPorts,
  },
];

/** The host's ports, moved on so that what somebody has deployed may stay. */
function onOwnPorts(settings: string): string {
  const moved = settings.replaceAll(
    /(?<=Listener\.host\(\{[^}]*port: |PublishedPort\.host\()\d+/g,
    (port) => String(Number(port) + 20_000),
  );
  if (moved === settings) throw new Error("no port to move");
  return moved;
}
