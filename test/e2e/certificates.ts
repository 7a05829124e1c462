import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/** A server's certificate with its key, in PEM. */
export interface Certificate {
  readonly key: string;
  readonly chain: string;
}

const AUTHORITY = `
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
default_md = sha256
policy = any
rand_serial = yes
[any]
commonName = supplied
`;

/**
 * Makes a certificate for `localhost` that signs itself.
 *
 * @param from the first year that it is valid in
 * @param to the year that it expires in
 */
export async function makeCertificate(from: number, to: number): Promise<Certificate> {
  const folder = mkdtempSync(join(tmpdir(), "kafka-platform-kit-certificate-"));
  const openssl = (...args: string[]) => execa("openssl", args, { cwd: folder });
  try {
    writeFileSync(join(folder, "authority"), AUTHORITY);
    writeFileSync(join(folder, "index"), "");
    const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem"];
    await openssl("req", ...key, "-subj", "/CN=localhost", "-out", "request.pem");
    await openssl(
      ...["ca", "-batch", "-notext", "-config", "authority", "-selfsign", "-keyfile", "key.pem"],
      ...["-startdate", `${from}0101000000Z`, "-enddate", `${to}0101000000Z`],
      ...["-in", "request.pem", "-out", "chain.pem"],
    );
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    return { key: read("key.pem"), chain: read("chain.pem") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
