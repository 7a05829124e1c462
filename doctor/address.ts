/** Where something listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, IPv6 hosts in brackets.
 *
 * @throws Error when there is no host or no port
 */
export function parseAddress(text: string): Address {
  const [, host, port] = /^(\[[^\]]+\]|[^:[\]]+):(\d{1,5})$/.exec(text.trim()) ?? [];
  if (host === undefined || port === undefined) {
    throw new Error(`"${text}" is not an address; write host:port`);
  }
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** Writes `host:port`, IPv6 hosts in brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
