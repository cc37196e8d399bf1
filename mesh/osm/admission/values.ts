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

const nanosecondsByUnit: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Length of a Go duration (`1h30m`, `250ms`) in seconds; undefined where Go would not read it. */
export function durationSeconds(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (match === null) {
    return /^[+-]?0$/.test(text) ? 0 : undefined;
  }
  let nanoseconds = 0;
  for (const [, number, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    nanoseconds += Number(number) * (nanosecondsByUnit[unit ?? ""] ?? 0);
  }
  return (match[1] === "-" ? -nanoseconds : nanoseconds) / 1e9;
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
