/** An IPv4 CIDR such as 10.0.0.0/16, octets and length in range. */
export function isIpv4Cidr(text: string): boolean {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  return parts !== null && parts.slice(1, 5).every((octet) => isOctet(octet)) && Number(parts[5]) <= 32;
}

/** One number of an address: 0 to 255 and, as Go's parser wants it, without leading zeros. */
function isOctet(text: string): boolean {
  return Number(text) <= 255 && String(Number(text)) === text;
}

/** Whether the text is an IPv6 CIDR, roughly: enough to say that it is the wrong family. */
export function looksLikeIpv6Cidr(text: string): boolean {
  return /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*\/\d{1,3}$/.test(text);
}

/** Whether a number is a TCP port. */
export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65535;
}

/**
 * Service that a host name names: OSM takes the first part of `service`, `service.namespace`, `…svc`, `…svc.cluster.local`.
 */
export function hostParts(host: string): { readonly service: string; readonly namespace: string | undefined } {
  const [service = "", namespace] = host.split(".");
  return { service, namespace };
}
