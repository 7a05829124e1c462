import type { Docker } from "../../doctor/docker.ts";

/** Where images keep Kafka's commands: on the path, or where the Apache image has them. */
const FIND = `
for command in "$1" "$1.sh" "/opt/kafka/bin/$1.sh"; do
  command -v "$command" && exit
done
echo "no $1 in this image" >&2
exit 1
`;

/**
 * How one of Kafka's commands is called in a container.
 *
 * @param name such as `kafka-console-producer`
 * @throws Error when its image has none
 */
export async function findTool(docker: Docker, container: string, name: string): Promise<string> {
  const path = await docker.run(["exec", container, "bash", "-c", FIND, "bash", name]);
  return path.trim();
}
