/** Label that names the environment, on everything the kit makes in an engine. */
export const ENVIRONMENT_LABEL = "kafka-platform-kit.environment";

/** Label that names the service a container or volume belongs to. */
export const SERVICE_LABEL = "kafka-platform-kit.service";

/** Labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** Labels in the shape that the Docker provider takes. */
export function labelBlocks(labels: Labels): { label: string; value: string }[] {
  return Object.entries(labels).map(([label, value]) => ({ label, value }));
}
