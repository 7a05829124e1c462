import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { PgBackend, type TerraformBackend, type TerraformStack } from "cdktf";
import { beforeEach, describe, expect, it } from "vitest";
import { InvalidSettingError, Listener } from "../../constructs/index.ts";
import { check, synth } from "../../stacks/app.ts";
import { adoptionFile, stackFolder, workspace } from "../../stacks/workspace.ts";
import { setVariable, workInScratchFolder } from "../constructs/scratch.ts";
import { environmentOf, lockOf } from "./environments.ts";

beforeEach(() => {
  setVariable("CDKTF_OUTDIR", undefined);
  setVariable("CDKTF_CONTEXT_JSON", undefined);
  setVariable("DOCKER_HOST", undefined);
  setVariable("DOCKER_CONFIG", "/no/such/folder");
  workInScratchFolder();
});

describe("synth", () => {
  const settled = { environment: environmentOf(), lock: lockOf() };

  it("writes the program to where Terraform is run", () => {
    setVariable("DOCKER_HOST", "tcp://10.0.0.5:2375");
    synth([settled]);
    const text = readFileSync(join(stackFolder("trial"), "cdk.tf.json"), "utf8");
    const program = JSON.parse(text) as Record<string, Record<string, unknown>>;
    // Empty and not left out: unset, the provider would take DOCKER_CONTEXT and DOCKER_CERT_PATH.
    expect(program["provider"]?.["docker"]).toEqual([
      { cert_path: "", context: "", host: "tcp://10.0.0.5:2375" },
    ]);
  });

  it("stays with the engine that it is deployed on where another is meant, and lets no plan pass", () => {
    setVariable("DOCKER_HOST", "tcp://10.0.0.5:2375");
    synth([{ ...settled, deployedOn: "unix:///one.sock" }]);
    const text = readFileSync(join(stackFolder("trial"), "cdk.tf.json"), "utf8");
    const program = JSON.parse(text) as Record<string, Record<string, unknown>>;
    expect(program["provider"]?.["docker"]).toMatchObject([{ host: "unix:///one.sock" }]);
    expect(program["output"]?.["docker"]).toMatchObject({
      precondition: {
        condition: '${terraform.workspace == ""}',
        error_message: expect.stringMatching(
          /^trial is deployed on the engine at unix:\/\/\/one\.sock, and tcp:\/\/10\.0\.0\.5:2375 is meant now; /,
        ),
      },
    });
  });

  it("writes the same program twice", () => {
    const file = join(stackFolder("trial"), "cdk.tf.json");
    synth([settled]);
    const first = readFileSync(file, "utf8");
    synth([settled]);
    expect(readFileSync(file, "utf8")).toBe(first);
  });

  it("refuses what cannot work by its own kind of error, and writes no program", () => {
    const listeners = [Listener.host(), Listener.network({ port: 9092 })];
    const environment = environmentOf({ kafka: { listeners } });
    const attempt = (): void => synth([{ environment, lock: lockOf() }]);
    expect(attempt).toThrowError(InvalidSettingError);
    expect(attempt).toThrowError(
      '[trial/kafka] listener "HOST" and listener "NETWORK" both use port 9092; give each its own port',
    );
    expect(existsSync(join(stackFolder("trial"), "cdk.tf.json"))).toBe(false);
  });

  it("tells nobody to skip the validation", () => {
    const environment = environmentOf({ kafka: { listeners: [] } });
    expect(() => synth([{ environment, lock: lockOf() }])).toThrowError(/^(?!.*skipValidation)/s);
  });

  it("refuses a bind address that this very host lacks", () => {
    const listeners = [Listener.external({ address: "192.0.2.9" })];
    const environment = environmentOf({ kafka: { listeners } });
    expect(() => synth([{ environment, lock: lockOf() }])).toThrowError(
      /this host has no address 192\.0\.2\.9 to bind \(it has .*127\.0\.0\.1/,
    );
  });
});

describe("the state's place", () => {
  const backend = (stack: TerraformStack): TerraformBackend =>
    new PgBackend(stack, { connStr: "postgres://db.example.org/states" });

  it("is refused for two environments: they would remove each other", () => {
    const one = environmentOf({ backend });
    const two = { ...one, name: "other" };
    const attempt = (): void => {
      synth([
        { environment: one, lock: lockOf() },
        { environment: two, lock: lockOf({ environment: "other" }) },
      ]);
    };
    expect(attempt).toThrowError(InvalidSettingError);
    expect(attempt).toThrowError(
      "environments trial and other keep their state in one place of backend pg; give each its own",
    );
  });

  it("is a file of its own for each that names none", () => {
    synth([
      { environment: environmentOf(), lock: lockOf() },
      {
        environment: { ...environmentOf(), name: "other" },
        lock: lockOf({ environment: "other" }),
      },
    ]);
    expect(existsSync(join(stackFolder("other"), "cdk.tf.json"))).toBe(true);
  });

  it("is refused with a secret, by synth and check, and no program is written", () => {
    const environment = environmentOf({
      backend: (stack) => new PgBackend(stack, { connStr: "postgres://me:hush@db/states" }),
    });
    for (const attempt of [check, (one: Parameters<typeof check>[0]) => synth([one])]) {
      expect(() => attempt({ environment, lock: lockOf() })).toThrowError(
        /\[trial\] the backend's conn_str holds a secret.*give it by the environment: PGUSER and PGPASSWORD/,
      );
    }
    expect(existsSync(join(stackFolder("trial"), "cdk.tf.json"))).toBe(false);
  });

  it("of a plan that was cut off leaves no imports behind", () => {
    mkdirSync(stackFolder("trial"), { recursive: true });
    writeFileSync(adoptionFile("trial"), "{}");
    synth([{ environment: environmentOf(), lock: lockOf() }]);
    expect(existsSync(adoptionFile("trial"))).toBe(false);
  });
});

describe("check", () => {
  const listeners = [
    Listener.external({ address: "192.0.2.9", port: 9092 }),
    Listener.host({ port: 9092 }),
  ];
  const wrong = { environment: environmentOf({ kafka: { listeners } }), lock: lockOf() };

  it.each([
    { name: "check", attempt: () => check(wrong) },
    { name: "synth", attempt: () => synth([wrong]) },
  ])("and synth refuse the same: $name", ({ attempt }) => {
    expect(attempt).toThrowError(InvalidSettingError);
    expect(attempt).toThrowError("this host has no address 192.0.2.9 to bind");
    expect(attempt).toThrowError('listener "EXTERNAL" and listener "HOST" both use port 9092');
  });

  it("writes no program", () => {
    check({ environment: environmentOf(), lock: lockOf() });
    expect(existsSync(stackFolder("trial"))).toBe(false);
  });
});

describe("the project's own mirror of providers", () => {
  const link = (): string => join(stackFolder("trial"), "terraform.d", "plugins");
  const settled = { environment: environmentOf(), lock: lockOf() };

  it("is left out where there is none: Terraform asks its registry", () => {
    synth([settled]);
    expect(existsSync(link())).toBe(false);
    expect(existsSync(join(stackFolder("trial"), ".terraform.lock.hcl"))).toBe(false);
  });

  it("is linked into the stack's folder with its lock, again at every synth", () => {
    mkdirSync(workspace.providers(), { recursive: true });
    writeFileSync(workspace.providerLock(), "# one\n");
    synth([settled]);
    writeFileSync(workspace.providerLock(), "# two\n");
    synth([settled]);
    expect(lstatSync(link()).isSymbolicLink()).toBe(true);
    expect(realpathSync(link())).toBe(realpathSync(workspace.providers()));
    expect(readlinkSync(link())).toBe(workspace.providers());
    expect(readFileSync(join(stackFolder("trial"), ".terraform.lock.hcl"), "utf8")).toBe("# two\n");
  });
});
