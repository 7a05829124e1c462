/** The variables by which the docker command means one engine, for a program that Terraform runs. */
export function engineVariables(
  host: string,
  certPath: string | undefined,
): Record<string, string> {
  if (certPath === undefined) return { DOCKER_HOST: host };
  return { DOCKER_HOST: host, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certPath };
}
