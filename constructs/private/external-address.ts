import { BlockList, isIP } from "node:net";
import { isHost } from "../endpoint.ts";
import { InvalidSettingError } from "../errors.ts";

/** An address of the Docker host by which clients elsewhere reach it. */
export interface ExternalAddressProps {
  /** What clients dial: a LAN IP, a DNS name, a NAT address. */
  readonly address: string;
  /**
   * IP address that the engine binds; `0.0.0.0` for all of the host's.
   *
   * @default - the address, which must then be an IP of the Docker host itself
   */
  readonly bindAddress?: string;
}

/** Both of them, known. */
export interface ExternalAddress {
  readonly address: string;
  readonly bindAddress: string;
}

/** Addresses that lead nowhere; BlockList knows an IPv4 address inside an IPv6 one too. */
const UNSPECIFIED = new BlockList();
UNSPECIFIED.addAddress("0.0.0.0");
UNSPECIFIED.addAddress("::", "ipv6");

/** Addresses that lead back to whoever dials them. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

/**
 * Checks an address that others are to use.
 *
 * @param owner what has the address, in the message, such as `external listener "LAN"`
 * @param instead what is there for programs on the host itself, such as `Listener.host()`
 * @throws InvalidSettingError for an address that no other machine can use, or one that cannot be bound
 */
export function externalAddress(
  owner: string,
  instead: string,
  props: ExternalAddressProps,
): ExternalAddress {
  const { address } = props;
  if (typeof address !== "string" || address.trim() === "") {
    throw new InvalidSettingError(
      `${owner} has no address; give the one that its clients dial, such as 192.168.56.101 or kafka.example.org`,
    );
  }
  if (!isHost(address)) {
    throw new InvalidSettingError(
      `${owner}: "${address}" is not a host; give an IP address or a DNS name, without scheme or port`,
    );
  }
  if (isUnspecified(address)) {
    throw new InvalidSettingError(
      `${owner}: nobody can dial ${address}; give the address that clients use, and ${address} as bindAddress`,
    );
  }
  if (isLoopback(address)) {
    throw new InvalidSettingError(
      `${owner}: ${address} leads every client back to itself; give an address of this host that others reach, or use ${instead}`,
    );
  }
  const bindAddress = props.bindAddress ?? (isIP(address) === 0 ? undefined : address);
  if (bindAddress === undefined) {
    throw new InvalidSettingError(
      `${owner}: the name ${address} cannot be bound; give bindAddress, an IP of the Docker host or 0.0.0.0 for all of them`,
    );
  }
  // A zone (fe80::1%eth0) is nothing that an engine binds.
  if (isIP(bindAddress) === 0 || bindAddress.includes("%")) {
    throw new InvalidSettingError(
      `${owner}: bindAddress "${bindAddress}" is not an IP address; give one of the Docker host's, or 0.0.0.0 for all of them`,
    );
  }
  return { address, bindAddress };
}

/** Whether an address stands for all of a host's, and so leads nowhere. */
export function isUnspecified(address: string): boolean {
  return isIP(address) !== 0 && UNSPECIFIED.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** Whether a host leads back to whoever dials it. */
export function isLoopback(address: string): boolean {
  return isIP(address) === 0
    ? /^(.*\.)?localhost$/i.test(address)
    : LOOPBACK.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
