/** A synthesized program as a Compose file, so that both sides have the same settings. Pure. */

/** What a program says of a container, as far as a Compose file can. */
export interface ProgramContainer {
  readonly name: string;
  readonly hostname: string;
  readonly image: string;
  readonly env?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly init?: boolean;
  readonly ports?: readonly {
    readonly internal: number;
    readonly external: number;
    readonly ip: string;
  }[];
  readonly mounts?: readonly {
    readonly type: string;
    readonly source: string;
    readonly target: string;
  }[];
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly memory: number;
  readonly memory_swap: number;
  readonly healthcheck: {
    readonly test: readonly string[];
    readonly interval: string;
    readonly timeout: string;
    readonly start_period: string;
    readonly retries: number;
  };
  readonly restart: string;
  readonly stop_timeout: number;
  readonly labels: readonly LabelBlock[];
  readonly networks_advanced: readonly { readonly name: string }[];
}

interface LabelBlock {
  readonly label: string;
  readonly value: string;
}

/** The part of `cdk.tf.json` that is read here. */
export interface Program {
  readonly output: {
    readonly environment: { readonly value: string };
    readonly labels: { readonly value: Readonly<Record<string, string>> };
    readonly docker: { readonly value: { readonly network: string } };
    readonly kafka: {
      readonly value: {
        readonly listeners: Readonly<
          Record<string, { readonly vantage: string; readonly bootstrapServers: string }>
        >;
      };
    };
  };
  readonly resource: {
    readonly docker_container: Readonly<Record<string, ProgramContainer>>;
    readonly docker_image: Readonly<Record<string, { readonly name: string }>>;
    readonly docker_volume?: Readonly<
      Record<string, { readonly name: string; readonly labels: readonly LabelBlock[] }>
    >;
  };
}

/** What is said of a container and stands in the Compose file, or does not make it run otherwise. */
const KNOWN = new Set([
  ...["//", "name", "hostname", "image", "env", "entrypoint", "command", "init", "ports", "mounts"],
  ...["tmpfs", "memory", "memory_swap", "healthcheck", "restart", "stop_timeout", "labels"],
  "networks_advanced",
  // How it goes, and in which order: nothing of how it starts.
  ...["destroy_grace_seconds", "depends_on", "lifecycle"],
]);

/**
 * Renders a program as a Compose file, in JSON, which is YAML too. Compose starts everything at once, since
 * nothing in the program waits for another at the start.
 *
 * @throws Error naming what of the program has no counterpart here
 */
export function composeFile({ output, resource }: Program): string {
  const volumes = Object.entries(resource.docker_volume ?? {});
  return JSON.stringify(
    {
      name: output.environment.value,
      services: Object.fromEntries(
        Object.values(resource.docker_container).map((container) => [
          container.name,
          serviceOf(container, resource),
        ]),
      ),
      networks: {
        default: { name: output.docker.value.network, labels: output.labels.value },
      },
      volumes: Object.fromEntries(
        volumes.map(([, { name, labels }]) => [name, { name, labels: byName(labels) }]),
      ),
    },
    undefined,
    2,
  );
}

function serviceOf(container: ProgramContainer, resource: Program["resource"]): object {
  const unknown = Object.keys(container).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) {
    throw new Error(`${container.name}: the Compose file has nothing for ${unknown.join(", ")}`);
  }
  if (container.networks_advanced.length !== 1) {
    throw new Error(
      `${container.name} is on ${container.networks_advanced.length} networks, not one`,
    );
  }
  const { healthcheck } = container;
  return {
    container_name: container.name,
    hostname: container.hostname,
    image: nameOf(container.image, "docker_image", resource.docker_image),
    ...(container.env === undefined ? {} : { environment: container.env.map(literal) }),
    ...(container.entrypoint === undefined
      ? {}
      : { entrypoint: container.entrypoint.map(literal) }),
    ...(container.command === undefined ? {} : { command: container.command.map(literal) }),
    ...(container.init === undefined ? {} : { init: container.init }),
    ports: (container.ports ?? []).map(({ ip, external, internal }) => ({
      target: internal,
      published: String(external),
      host_ip: ip,
      protocol: "tcp",
    })),
    volumes: (container.mounts ?? []).map(({ type, source, target }) => ({
      type,
      source: nameOf(source, "docker_volume", resource.docker_volume ?? {}),
      target,
    })),
    tmpfs: Object.entries(container.tmpfs ?? {}).map(([path, options]) =>
      options === "" ? path : `${path}:${options}`,
    ),
    mem_limit: `${container.memory}m`,
    memswap_limit: `${container.memory_swap}m`,
    healthcheck: { ...healthcheck, test: healthcheck.test.map(literal) },
    restart: container.restart,
    stop_grace_period: `${container.stop_timeout}s`,
    labels: byName(container.labels),
  };
}

/** The name behind a reference such as `${docker_image.kafka_image_C64B38CA.image_id}`, or what is a name already. */
function nameOf(
  reference: string,
  type: string,
  resources: Readonly<Record<string, { readonly name: string }>>,
): string {
  const [, found, key = ""] = /^\$\{(\w+)\.([\w-]+)\.\w+\}$/.exec(reference) ?? [];
  if (found === undefined && !reference.includes("${")) return reference;
  const resource = found === type ? resources[key] : undefined;
  if (resource === undefined) throw new Error(`${reference} is no ${type} of this program`);
  return resource.name;
}

/**
 * Terraform's way of writing a text that holds `${`, in Compose's way, which escapes every `$`.
 *
 * @throws Error when Terraform would fill something in
 */
function literal(text: string): string {
  if (/(?<![$%])[$%]\{/.test(text)) throw new Error(`only Terraform can fill in ${text}`);
  return text.replaceAll(/([$%])\1\{/g, "$1{").replaceAll("$", "$$$$");
}

function byName(labels: readonly LabelBlock[]): Record<string, string> {
  return Object.fromEntries(labels.map(({ label, value }) => [label, literal(value)]));
}
