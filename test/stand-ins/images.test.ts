import { expect, it } from "vitest";
import { buildStandIn } from "./images.ts";

it.each([undefined, "unix:///var/run/docker.sock"])(
  "refuses a real image's name on the machine's own engine, as %s",
  async (dockerHost) => {
    const name = "confluentinc/cp-schema-registry:7.0.1";
    await expect(buildStandIn("schema-registry", name, dockerHost)).rejects.toThrow(
      `the stand-in must not be called "${name}" on this machine's own engine`,
    );
  },
);
