import type { TerraformBackend } from "cdktf";

/** Where an environment's state is kept, as its program says it. */
export interface RenderedBackend {
  /** As Terraform calls it: `local`, `pg`, `s3` … */
  readonly type: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The `terraform` block of a program, as far as it tells of the state. */
interface TerraformBlock {
  readonly backend?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly cloud?: Readonly<Record<string, unknown>>;
}

/** Variables by which a backend takes what must not be written down. */
const VARIABLES: Readonly<Record<string, string>> = {
  azurerm: "ARM_ACCESS_KEY, ARM_SAS_TOKEN or ARM_CLIENT_SECRET",
  cloud: "TF_TOKEN_<host name>, or terraform login",
  consul: "CONSUL_HTTP_TOKEN or CONSUL_HTTP_AUTH",
  cos: "TENCENTCLOUD_SECRET_KEY",
  gcs: "GOOGLE_CREDENTIALS or GOOGLE_ENCRYPTION_KEY",
  http: "TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
  oss: "ALICLOUD_ACCESS_KEY and ALICLOUD_SECRET_KEY",
  pg: "PGUSER and PGPASSWORD",
  remote: "TF_TOKEN_<host name>, or terraform login",
  s3: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile",
};

/** Settings that hold a secret by their very name. */
const SECRET_NAME =
  /(^|_)(password|secret|secret_key|client_secret|credential_secret|access_key|private_key_pem|token|http_auth|customer_key)$|^encryption_key$/;

/** User and password in an address, a password among words of a connection string, or a key in JSON. */
const SECRET_VALUE =
  /:\/\/[^/@\s]*:[^/@\s]+@|\bpassword\s*=\s*\S|[?&](password|sslpassword)=[^&]|"private_key"/i;

/** The backend in a program's `terraform` block. */
export function backendIn(block: object): RenderedBackend {
  const { backend = {}, cloud } = block as TerraformBlock;
  const [[type, settings] = ["local", {}]] = Object.entries(
    cloud === undefined ? backend : { cloud },
  );
  return { type, settings };
}

/** A backend as the program will say it. */
export function renderBackend(backend: TerraformBackend): RenderedBackend {
  return backendIn((backend.toTerraform() as { terraform: object }).terraform);
}

/**
 * Secrets in a backend's settings: they would stand in the program, in cdktf's output folder.
 *
 * @returns a complaint for each, with the way out and without the secret
 */
export function secretsIn({ type, settings }: RenderedBackend): string[] {
  return entriesOf(settings)
    .filter(([name, value]) => SECRET_NAME.test(name) || SECRET_VALUE.test(value))
    .map(
      ([name]) =>
        `the backend's ${name} holds a secret, which would be written to the program; leave it out and give it by the environment: ${VARIABLES[type] ?? `the variables of Terraform's ${type} backend`}`,
    );
}

/** Settings that are text, those of blocks within too; what is empty is left out. */
function entriesOf(settings: Readonly<Record<string, unknown>>): [name: string, value: string][] {
  return Object.entries(settings).flatMap(([name, value]): [string, string][] => {
    if (typeof value === "string") return value === "" ? [] : [[name, value]];
    return typeof value === "object" && value !== null
      ? entriesOf(value as Record<string, unknown>)
      : [];
  });
}
