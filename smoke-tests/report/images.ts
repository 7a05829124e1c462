import type { Docker } from "../../doctor/docker.ts";
import type { PlatformOutputs } from "../outputs.ts";
import type { ContainerImage } from "./matrix.ts";

/** What each container of the platform runs, as the engine says; `unknown` for one that it does not have. */
export async function imagesOf(
  { kafka, services }: PlatformOutputs,
  docker: Docker,
): Promise<ContainerImage[]> {
  const { schemaRegistry, connect, ksqlDb, restProxy } = services;
  const containers = [
    ...(kafka.zooKeeper?.servers ?? []),
    ...(kafka.controllers ?? []),
    ...kafka.brokers,
    ...[schemaRegistry, connect, ksqlDb, ksqlDb?.cli, restProxy],
  ].flatMap((place) => place?.container ?? []);
  return Promise.all(
    containers.map(async (container) => ({
      container,
      image: (await docker.imageOf(container)) ?? "unknown",
    })),
  );
}
