import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../../cli/errors.ts";
import { Layers, pull } from "../../../cli/prepare/pull.ts";
import { putOnPath } from "../../constructs/scratch.ts";

/** A docker command: an image is there when a file `present` is, a pull prints `progress` and fails with `refusal`. */
const DOCKER = `
echo "$*" >>"$here/calls"
case "$1" in
image) [ -e "$here/present" ] ;;
pull) cat "$here/progress"; [ ! -s "$here/refusal" ] || { cat "$here/refusal" >&2; exit 1; } ;;
info) cat "$here/mirrors" ;;
esac`;

const IMAGE = "confluentinc/cp-kafka:7.9.1";
const INSTEAD = "or decide for images built here with IMAGES=local";

/** The beginning of a pull, as an engine 20.10 prints it. */
const BEGUN = `7.9.1: Pulling from confluentinc/cp-kafka
d434ccf25ea7: Pulling fs layer
0449e357a933: Pulling fs layer
e62b1a74424b: Pulling fs layer
0449e357a933: Waiting
`;

let engine: string;

beforeEach(() => {
  engine = putOnPath({ docker: DOCKER });
  write({ progress: "", refusal: "", mirrors: "\n" });
});

function write(answers: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(answers)) writeFileSync(join(engine, name), text);
}

/** What an engine says before it says why. */
function refuse(why: string, prefix = "Error response from daemon: "): void {
  write({ refusal: `${prefix}${why}\n` });
}

function calls(): string[] {
  const file = join(engine, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

it("pulls an image that the engine lacks", async () => {
  write({ progress: BEGUN });
  expect(await pull(IMAGE)).toBeUndefined();
  expect(calls()).toEqual([`image inspect ${IMAGE}`, `pull ${IMAGE}`]);
});

it("asks no registry for an image that is there", async () => {
  write({ present: "" });
  expect(await pull(IMAGE)).toBeUndefined();
  expect(calls()).toEqual([`image inspect ${IMAGE}`]);
});

describe("a registry out of reach is an answer", () => {
  it.each([
    'Get "https://registry.example/v2/": dial tcp: lookup registry.example on 10.0.0.2:53: no such host',
    'Get "https://registry.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    'Get "https://registry.example/v2/": net/http: TLS handshake timeout',
    'Get "https://registry.example/v2/": dial tcp 192.0.2.1:443: connect: connection refused',
    'Get "https://registry.example/v2/": dial tcp 192.0.2.1:443: connect: network is unreachable',
    'Get "https://registry.example/v2/": dial tcp 192.0.2.1:443: connect: permission denied',
    "received unexpected HTTP status: 503 Service Unavailable",
    "unexpected status from HEAD request to https://registry.example/v2/confluentinc/cp-kafka/manifests/7.9.1: 404 Not Found",
    'Get "https://registry.example/v2/": Forbidden',
  ])("%s", async (why) => {
    refuse(why);
    expect(await pull(IMAGE)).toBe(why);
  });

  it.each([
    'Get "https://registry.example/v2/": proxyconnect tcp: dial tcp 127.0.0.1:3129: connect: connection refused',
    'Get "https://registry.example/v2/": proxy: host registry.example not found',
    'Get "https://registry.example/v2/": Proxy Authentication Required',
  ])("with a hint at the engine's proxy: %s", async (why) => {
    refuse(why);
    expect(await pull(IMAGE)).toBe(
      `${why} (the engine goes by a proxy setting of its own, which docker info shows)`,
    );
  });

  it("with a hint at a certificate that is not trusted", async () => {
    const why = 'Get "https://registry.example/v2/": x509: certificate signed by unknown authority';
    refuse(why);
    expect(await pull(IMAGE)).toBe(
      `${why} (the engine does not trust that certificate; add its authority to the certificates of the engine's machine and restart the engine)`,
    );
  });

  it("with the mirrors that were asked before", async () => {
    refuse("no such host");
    write({ mirrors: "http://10.0.0.7:5000/ https://mirror.example/ \n" });
    expect(await pull(IMAGE)).toBe(
      "no such host; nor does the engine's mirror http://10.0.0.7:5000/, https://mirror.example/ give it",
    );
  });
});

describe("a registry that answers no is an error with its way out", () => {
  const version = "check the version that the environment's file asks for";
  const account = "check its name, log in with an account that may pull it (docker login)";
  const rate =
    "wait until it gives again, log in with an account that may pull more (docker login)";
  const machine = "ask for a version that is made for this machine's architecture";
  it.each([
    // Engine 20.10 on Debian's registry server
    [`manifest for ${IMAGE} not found: manifest unknown: manifest unknown`, version],
    [
      'Head "https://registry.example/v2/confluentinc/cp-kafka/manifests/7.9.1": no basic auth credentials',
      account,
    ],
    ["unauthorized: authentication required", account],
    // Docker Hub and others
    [
      "pull access denied for confluentinc/cp-kafka, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      account,
    ],
    [
      "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
      account,
    ],
    ['Get "https://registry.example/v2/": unauthorized: incorrect username or password', account],
    ["repository confluentinc/cp-kafka not found: does not exist or no pull access", version],
    ["error from registry: manifest unknown", version],
    [`failed to resolve reference "docker.io/${IMAGE}": docker.io/${IMAGE}: not found`, version],
    [
      "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading",
      rate,
    ],
    [
      `failed to resolve reference "docker.io/${IMAGE}": unexpected status from HEAD request to https://registry.example/v2/confluentinc/cp-kafka/manifests/7.9.1: 429 Too Many Requests`,
      rate,
    ],
    [
      "no matching manifest for linux/arm64/v8 in the manifest list entries: no match for platform in manifest: not found",
      machine,
    ],
  ])("%s", async (why, wayOut) => {
    refuse(why);
    await expect(pull(IMAGE)).rejects.toThrowError(
      new CommandError(`the registry does not give ${IMAGE}: ${why}; ${wayOut}, ${INSTEAD}`),
    );
  });
});

it.each([
  "write /var/lib/docker/tmp/GetImageBlob974093449: no space left on device",
  "failed to register layer: Error processing tar file(exit status 1): write /usr/lib/libc.so: no space left on device",
])("a full disk is an error: %s", async (why) => {
  refuse(why, "");
  write({ progress: BEGUN });
  await expect(pull(IMAGE)).rejects.toThrowError(
    new CommandError(
      `the engine's disk is full: ${why}; free space there (docker system df shows what takes it) and start again`,
    ),
  );
});

it.each([
  "proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused",
  "read tcp 10.0.0.5:41522->192.0.2.1:443: read: connection reset by peer",
  "unexpected EOF",
])("a pull that breaks off is an error: %s", async (why) => {
  refuse(why, "");
  write({ progress: BEGUN });
  await expect(pull(IMAGE)).rejects.toThrowError(
    new CommandError(`pulling ${IMAGE} broke off: ${why}; start again, ${INSTEAD}`),
  );
});

describe("how far a pull is", () => {
  function layersAfter(output: string): Layers {
    const layers = new Layers();
    for (const line of output.split("\n")) layers.follow(line);
    return layers;
  }

  it("is not known before the registry has named the image's parts", () => {
    const layers = layersAfter("Using default tag: latest");
    expect(layers.begun).toBe(false);
    expect(layers.toString()).toBe("");
  });

  it("begins with the image's name", () => {
    const layers = layersAfter("7.9.1: Pulling from confluentinc/cp-kafka");
    expect(layers.begun).toBe(true);
    expect(layers.toString()).toBe("");
  });

  it("counts the layers that came and those that are unpacked", () => {
    expect(layersAfter(BEGUN).toString()).toBe("0 of 3 layers downloaded, 0 unpacked");
    const further = `${BEGUN}e62b1a74424b: Verifying Checksum
e62b1a74424b: Download complete
0449e357a933: Retrying in 5 seconds
d434ccf25ea7: Already exists`;
    expect(layersAfter(further).toString()).toBe("2 of 3 layers downloaded, 1 unpacked");
    const end = `${further}
0449e357a933: Download complete
e62b1a74424b: Pull complete
0449e357a933: Pull complete
Digest: sha256:546e56d9d5c3
Status: Downloaded newer image`;
    expect(layersAfter(end).toString()).toBe("3 of 3 layers downloaded, 3 unpacked");
  });
});
