import { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { Image as ImageResource } from "@cdktf/provider-docker/lib/image/index.js";
import { Volume } from "@cdktf/provider-docker/lib/volume/index.js";
import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import { checkPort } from "../endpoint.ts";
import type { Image } from "../image.ts";
import { labelBlocks, SERVICE_LABEL, type Labels } from "../labels.ts";
import type { Memory } from "../memory.ts";
import type { PublishedPort } from "../published-port.ts";
import type { Storage } from "../storage.ts";
import { isUnspecified } from "./external-address.ts";
import type { Probe } from "./probe.ts";

/** A port of a container that the engine binds on its host. */
export interface PortBinding {
  readonly internal: number;
  readonly external: number;
  /** IP address of the Docker host. */
  readonly ip: string;
}

/** A folder of a container that is kept elsewhere. */
export interface Mount {
  readonly path: string;
  /** Undefined for memory of the host. */
  readonly volume: Volume | undefined;
}

/** What containers of one service have in common. */
export interface ServiceProps {
  /** The service's name, as its label says it. */
  readonly service: string;
  readonly image: Image;
  readonly network: { readonly name: string };
  readonly memoryLimit: Memory;
  /** Seconds it gets to end in order before it is killed. */
  readonly stopSeconds: number;
  readonly labels: Labels | undefined;
}

/** What is one container's own. */
export interface ServiceContainerProps {
  /** Name of the container, and its host name on the network. */
  readonly host: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What runs in it, if not what the image says. */
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  /** Whether the engine's own init hands signals on to what runs. */
  readonly init?: boolean;
  readonly ports: readonly PortBinding[];
  readonly mounts: readonly Mount[];
  readonly probe: Probe;
  /** Containers that must go later than this one, since it ends in order only while they are there. */
  readonly outlivedBy: readonly ITerraformDependable[];
}

/** Makes the containers and volumes of one service, all of them alike. */
export class ServiceContainers {
  private readonly scope: Construct;
  private readonly props: ServiceProps;
  private readonly labels: Labels;
  private readonly image: ImageResource;

  constructor(scope: Construct, props: ServiceProps) {
    this.scope = scope;
    this.props = props;
    this.labels = { ...props.labels, [SERVICE_LABEL]: props.service };
    this.image = new ImageResource(scope, "image", {
      name: props.image.reference,
      keepLocally: true,
    });
  }

  /** A folder that is kept as `storage` says, in the volume `name` if in one. */
  mount(id: string, path: string, storage: Storage, name: string): Mount {
    if (storage.kind === "ephemeral") return { path, volume: undefined };
    const volume = new Volume(this.scope, id, { name, labels: labelBlocks(this.labels) });
    return { path, volume };
  }

  /** One container, which the engine starts again whenever it ends by itself. */
  container(id: string, props: ServiceContainerProps): Container {
    const { network, memoryLimit, stopSeconds } = this.props;
    const volumes = props.mounts.flatMap(({ path, volume }) =>
      volume === undefined ? [] : [{ type: "volume", source: volume.name, target: path }],
    );
    const inMemory = props.mounts.filter(({ volume }) => volume === undefined);
    return new Container(this.scope, id, {
      name: props.host,
      hostname: props.host,
      image: this.image.imageId,
      networksAdvanced: [{ name: network.name }],
      env: Object.entries(props.environment)
        .map(([name, value]) => literal(`${name}=${value}`))
        .sort(),
      ...(props.entrypoint === undefined ? {} : { entrypoint: [...props.entrypoint] }),
      ...(props.command === undefined ? {} : { command: props.command.map(literal) }),
      ...(props.init === undefined ? {} : { init: props.init }),
      // Sorted, since the provider takes a new order for a change.
      ports: [...props.ports].sort((a, b) => a.internal - b.internal),
      ...(volumes.length > 0 ? { mounts: volumes } : {}),
      ...(inMemory.length > 0
        ? { tmpfs: Object.fromEntries(inMemory.map(({ path }) => [path, ""])) }
        : {}),
      memory: memoryLimit.mebibytes,
      // No swap: a heap that is paged out is worse than one that is too small. Unset, the engine makes it twice the memory.
      memorySwap: memoryLimit.mebibytes,
      healthcheck: {
        test: props.probe.command.map(literal),
        interval: "5s",
        timeout: "5s",
        startPeriod: "2m0s",
        retries: 5,
      },
      restart: "unless-stopped",
      stopTimeout: stopSeconds,
      destroyGraceSeconds: stopSeconds,
      labels: labelBlocks(this.labels),
      ...(props.outlivedBy.length > 0 ? { dependsOn: [...props.outlivedBy] } : {}),
    });
  }
}

/** Whether two ports cannot both be bound, whatever they lead to. */
export function sharesPort(
  a: Pick<PortBinding, "external" | "ip">,
  b: Pick<PortBinding, "external" | "ip">,
): boolean {
  return a.external === b.external && (a.ip === b.ip || isUnspecified(a.ip) || isUnspecified(b.ip));
}

/**
 * What the engine is to bind for a port inside. One address for each at the most: engines disagree on the order in
 * which they report several, which the provider takes for a change.
 *
 * @param further by how much the port is moved on, for the second and later containers of one service
 * @throws InvalidSettingError when no port is left there
 */
export function publishedPorts(
  internal: number,
  published: PublishedPort | undefined,
  further = 0,
): PortBinding[] {
  if (published === undefined) return [];
  const { endpoint, bindAddress } = published;
  const external = checkPort(endpoint.port + further, `${published}, ${further} further on`);
  return [{ internal, external, ip: bindAddress }];
}

/** Text that Terraform leaves as it is, such as `${file:/secrets:key}`, which is Kafka's to resolve; what cdktf stands in for is not meant. */
function literal(text: string): string {
  return text.replaceAll(/([$%])\{(?!TfToken\[)/g, "$1$1{");
}
