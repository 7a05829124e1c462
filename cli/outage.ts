import { CommandError } from "./errors.ts";
import { confirm } from "./prepare/packages.ts";
import { say } from "./progress.ts";
import type { PlannedChange } from "./terraform-stack.ts";

/** Services whose containers carry a cluster together, and as people call one of them. */
const ROLES: Readonly<Record<string, string>> = {
  kafka: "broker",
  "kafka-controller": "controller",
  zookeeper: "ZooKeeper server",
};

/**
 * What a plan takes away at once of those that stand in for each other.
 *
 * @returns such as `brokers c-kafka-1, c-kafka-2`; empty when no more than one of a kind goes
 */
export function outages(changes: readonly PlannedChange[]): string[] {
  return Object.entries(ROLES).flatMap(([service, title]) => {
    const gone = changes.filter(
      (change) =>
        change.type === "docker_container" &&
        change.service === service &&
        change.actions.includes("delete"),
    );
    return gone.length < 2 ? [] : [`${title}s ${gone.map(({ name }) => name).join(", ")}`];
  });
}

/**
 * Says so and asks before a deploy takes down more than one broker, controller or ZooKeeper server: Terraform replaces
 * them at the same time.
 *
 * @param allAtOnce whether that was allowed beforehand
 * @throws CommandError when it is not allowed
 */
export async function askBeforeOutage(
  environment: string,
  changes: readonly PlannedChange[],
  allAtOnce: boolean,
): Promise<void> {
  const down = outages(changes);
  if (down.length === 0) return;
  const what = `this deploy replaces ${down.join(" and ")} at the same time: until they are back, clients of ${environment} wait or fail`;
  if (allAtOnce) {
    say(what);
    return;
  }
  if (!(await confirm(`${what}; go on?`, false))) {
    throw new CommandError(`${what}; nothing was changed; say --all-at-once to have that`);
  }
}
