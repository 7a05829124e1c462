import { fileURLToPath } from "node:url";
import { TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { Labels } from "../constructs/index.ts";
import { engineVariables } from "../constructs/private/engine-variables.ts";
import type { DockerEndpoint } from "./docker-engine.ts";

const PROGRAM = fileURLToPath(new URL("network.mjs", import.meta.url));

/** What a {@link BridgeNetwork} is made from. */
export interface BridgeNetworkProps {
  readonly name: string;
  readonly labels: Labels;
  /** The engine that it is on. */
  readonly engine: DockerEndpoint;
}

/**
 * A Docker network that is there as soon as the engine has made it. The provider's own resource waits two seconds
 * whenever one is made, read or removed (kreuzwerker/docker 4.5, `networkReadRefreshDelay`): longer than all else that a
 * deploy with nothing to do takes. In return Terraform does not see when somebody removes it; the commands do.
 */
export class BridgeNetwork extends Construct {
  /** A reference, so that containers are made after it and go before it. */
  readonly name: string;
  /** The name itself. */
  readonly nameInput: string;

  constructor(scope: Construct, id: string, { name, labels, engine }: BridgeNetworkProps) {
    super(scope, id);
    this.nameInput = name;
    const environment = engineVariables(engine.host, engine.certPath);
    const data = new TerraformResource(this, "bridge", {
      terraformResourceType: "terraform_data",
      // Without a shell between: Terraform appends the command as the program's last argument.
      provisioners: [
        {
          type: "local-exec",
          interpreter: ["node", PROGRAM, "create"],
          command: JSON.stringify({ name, labels }),
          environment,
        },
        {
          type: "local-exec",
          when: "destroy",
          interpreter: ["node", PROGRAM, "remove"],
          command: "${self.output}",
          environment,
        },
      ],
    });
    data.addOverride("input", name);
    this.name = data.getStringAttribute("output");
  }
}
