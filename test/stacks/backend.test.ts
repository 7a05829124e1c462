import {
  AzurermBackend,
  HttpBackend,
  LocalBackend,
  PgBackend,
  S3Backend,
  TerraformStack,
  type TerraformBackend,
} from "cdktf";
import { beforeEach, describe, expect, it } from "vitest";
import { backendIn, renderBackend, secretsIn } from "../../stacks/backend.ts";
import { setVariable } from "../constructs/scratch.ts";
import { emptyApp } from "../constructs/synthesis.ts";

beforeEach(() => {
  setVariable("CDKTF_OUTDIR", undefined);
});

function rendered(make: (stack: TerraformStack) => TerraformBackend) {
  return renderBackend(make(new TerraformStack(emptyApp(), "trial")));
}

describe("a backend", () => {
  it("is told by its type and settings, as the program has them", () => {
    const backend = rendered((stack) => new PgBackend(stack, { connStr: "postgres://db/states" }));
    expect(backend).toEqual({ type: "pg", settings: { conn_str: "postgres://db/states" } });
  });

  it.each([
    { block: {}, backend: { type: "local", settings: {} } },
    {
      block: { backend: { s3: { bucket: "b" } } },
      backend: { type: "s3", settings: { bucket: "b" } },
    },
    {
      block: { cloud: { organization: "o" } },
      backend: { type: "cloud", settings: { organization: "o" } },
    },
  ])("is read from $block", ({ block, backend }) => {
    expect(backendIn(block)).toEqual(backend);
  });
});

describe("a secret in a backend's settings", () => {
  it.each([
    {
      make: (stack: TerraformStack) =>
        new PgBackend(stack, { connStr: "postgres://me:hush@db/states" }),
      complaint: "the backend's conn_str holds a secret",
      variables: "PGUSER and PGPASSWORD",
    },
    {
      make: (stack: TerraformStack) =>
        new PgBackend(stack, { connStr: "host=db user=me password=hush" }),
      complaint: "the backend's conn_str holds a secret",
      variables: "PGUSER and PGPASSWORD",
    },
    {
      make: (stack: TerraformStack) =>
        new S3Backend(stack, { bucket: "b", key: "k", accessKey: "AKIA", secretKey: "hush" }),
      complaint: "the backend's secret_key holds a secret",
      variables: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    },
    {
      make: (stack: TerraformStack) =>
        new AzurermBackend(stack, {
          storageAccountName: "a",
          containerName: "c",
          key: "k",
          sasToken: "hush",
        }),
      complaint: "the backend's sas_token holds a secret",
      variables: "ARM_ACCESS_KEY, ARM_SAS_TOKEN",
    },
    {
      make: (stack: TerraformStack) =>
        new HttpBackend(stack, { address: "https://state.example.org", password: "hush" }),
      complaint: "the backend's password holds a secret",
      variables: "TF_HTTP_PASSWORD",
    },
  ])("is refused with the way out, and not repeated: $complaint", (row) => {
    const complaints = secretsIn(rendered(row.make)).join("\n");
    expect(complaints).toContain(row.complaint);
    expect(complaints).toContain(row.variables);
    expect(complaints).not.toContain("hush");
  });

  it("is refused in a block within, and of a backend that is not known here", () => {
    const settings = { auth: { token: "hush" } };
    expect(secretsIn({ type: "new", settings })).toEqual([
      "the backend's token holds a secret, which would be written to the program; leave it out and give it by the environment: the variables of Terraform's new backend",
    ]);
  });
});

it.each([
  (stack: TerraformStack) => new LocalBackend(stack, { path: "../trial.tfstate" }),
  (stack: TerraformStack) =>
    new PgBackend(stack, { connStr: "postgres://me@db.example.org/states?sslmode=verify-full" }),
  (stack: TerraformStack) =>
    new S3Backend(stack, { bucket: "b", key: "trial", kmsKeyId: "k", dynamodbTable: "locks" }),
  (stack: TerraformStack) => new S3Backend(stack, { bucket: "b", key: "trial", secretKey: "" }),
])("accepts a backend without secrets: %s", (make) => {
  expect(secretsIn(rendered(make))).toEqual([]);
});
