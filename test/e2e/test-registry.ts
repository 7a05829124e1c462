import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { untilOutput, type EngineOptions, type TestHost } from "./test-host.ts";

const PORTS = { mirror: 5000, hub: 5443, proxy: 3128 } as const;

/** Bytes of an image, before the first large layer is through. */
const HALT_AFTER = 20e6;

/** Who may pull from the hub. The hash is bcrypt's, of this password. */
export const ACCOUNT = { name: "kit", password: "right" } as const;
const HTPASSWD = `${ACCOUNT.name}:$2y$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC\n`;

type Program = ReturnType<TestHost["spawn"]>;

/**
 * Debian's registry server on a test host, on loopback: as a mirror that its engine may ask, and as Docker
 * Hub itself, by that name and with a certificate, for those with an account. Both hold the same images.
 */
export class TestRegistry {
  /** Makes a registry that holds an image of this machine's under other names. */
  static async holding(
    host: TestHost,
    image: string,
    names: readonly string[],
  ): Promise<TestRegistry> {
    const registry = new TestRegistry(host);
    await registry.writeSettings();
    await registry.startMirror();
    await host.load([image]);
    for (const name of names) {
      const path = `127.0.0.1:${PORTS.mirror}/${name}`;
      await host.must("docker", "tag", image, path);
      await host.must("docker", "push", "--quiet", path);
      await host.must("docker", "image", "rm", path);
    }
    await host.must("docker", "image", "rm", image);
    return registry;
  }

  /** For an engine that asks the mirror first. */
  readonly mirrored: EngineOptions = {
    flags: [`--registry-mirror=http://127.0.0.1:${PORTS.mirror}`],
  };
  /** For an engine that reaches the hub, and gives up an image after one attempt at each part. */
  readonly connected: EngineOptions;
  /** Like {@link connected}, without the hub's certificate. */
  readonly distrustful: EngineOptions;
  private readonly host: TestHost;
  private mirror: Program | undefined;
  private hub: Program | undefined;
  private proxy: Program | undefined;
  private halted: Promise<void> | undefined;

  private constructor(host: TestHost) {
    this.host = host;
    const proxy = { HTTPS_PROXY: `http://127.0.0.1:${PORTS.proxy}` };
    this.distrustful = { env: proxy };
    this.connected = {
      flags: ["--max-download-attempts=1"],
      env: { ...proxy, SSL_CERT_FILE: this.file("hub.crt") },
    };
  }

  async startMirror(): Promise<void> {
    this.mirror = this.serve("mirror");
    await untilOutput(this.mirror, "listening on ");
  }

  async stopMirror(): Promise<void> {
    await end(this.mirror);
  }

  /** Starts the hub and opens the way to it. */
  async startHub(): Promise<void> {
    this.hub = this.serve("hub");
    await untilOutput(this.hub, "listening on ");
    await this.openWay();
  }

  /** Opens the way to the hub, anew where it was closed. */
  async openWay(haltAfter?: number): Promise<void> {
    await this.closeWay();
    this.proxy = this.host.spawn([
      ...["node", "--import", "tsx", "test/e2e/hub-proxy.ts"],
      ...[PORTS.proxy, PORTS.hub, ...(haltAfter === undefined ? [] : [haltAfter])].map(String),
    ]);
    const listening = untilOutput(this.proxy, "listening");
    if (haltAfter !== undefined) this.halted = untilOutput(this.proxy, "halted");
    await listening;
  }

  /** Closes it, in the middle of whatever is under way. */
  async closeWay(): Promise<void> {
    await end(this.proxy);
  }

  /** Lets the next pull come to a halt in its middle. */
  async haltNextPull(): Promise<void> {
    await this.openWay(HALT_AFTER);
  }

  /** Waits for that halt. */
  async untilHalted(): Promise<void> {
    await this.halted;
  }

  /** Lets a pull that came to a halt go on. */
  goOn(): void {
    this.proxy?.kill("SIGCONT");
  }

  private serve(name: "mirror" | "hub"): Program {
    return this.host.spawn(["docker-registry", "serve", this.file(`${name}.json`)]);
  }

  private file(name: string): string {
    return join(this.host.file("registry"), name);
  }

  private async writeSettings(): Promise<void> {
    mkdirSync(this.host.file("registry"));
    writeFileSync(this.file("htpasswd"), HTPASSWD);
    await this.host.must(
      ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
      ...["-subj", "/CN=registry-1.docker.io"],
      ...["-addext", "subjectAltName=DNS:registry-1.docker.io"],
      ...["-keyout", this.file("hub.key"), "-out", this.file("hub.crt")],
    );
    // JSON is YAML.
    const write = (name: "mirror" | "hub", http: object, rest: object): void => {
      const settings = {
        version: "0.1",
        storage: { filesystem: { rootdirectory: this.file("images") } },
        http: { addr: `127.0.0.1:${PORTS[name]}`, ...http },
        ...rest,
      };
      writeFileSync(this.file(`${name}.json`), JSON.stringify(settings));
    };
    write("mirror", {}, {});
    write(
      "hub",
      { tls: { certificate: this.file("hub.crt"), key: this.file("hub.key") } },
      { auth: { htpasswd: { realm: "hub", path: this.file("htpasswd") } } },
    );
  }
}

async function end(program: Program | undefined): Promise<void> {
  program?.kill("SIGKILL");
  if (program !== undefined) await program;
}
