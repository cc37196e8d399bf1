import ipaddr from "ipaddr.js";

/** A part of a name between dots, of either case (pkg/config/labels, IsDNS1123Label). */
const label = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const firstLabel = /^(?:\*|(?:\*|\*-)?[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)$/;

export function isLabel(text: string): boolean {
  return text.length <= 63 && label.test(text);
}

/**
 * What is wrong with a name of a host; undefined for nothing (pkg/config/validation/agent: ValidateWildcardDomain, ValidateFQDN).
 *
 * @param wildcard whether its first part may begin with a star.
 */
export function nameFault(name: string, wildcard: boolean): string | undefined {
  if (name === "") return "is empty";
  if (name.length > 255) return "has more than 255 characters";
  const parts = name.split(".");
  const last = parts.at(-1) ?? "";
  // A last dot ends the name, whatever is before it.
  if (parts.length > 1 && last === "") parts.pop();
  const [first = "", ...others] = parts;
  if (/^[+-]?\d+$/.test(last) && !(wildcard && others.length === 0)) return `${JSON.stringify(name)} ends in a number`;
  const isFirst = wildcard ? first.length <= 63 && firstLabel.test(first) : isLabel(first);
  const wrong = isFirst ? others.find((part) => !isLabel(part)) : first;
  return wrong === undefined
    ? undefined
    : `${JSON.stringify(name)} has the part ${JSON.stringify(wrong)}, which is none of a name`;
}

/** Whether a star stands for less than whole parts of a name, as in `*items.shop` (ValidatePartialWildCard). */
export function isPartialWildcard(name: string): boolean {
  return name.includes("*") && name !== "*" && !name.startsWith("*.");
}

export function isAddress(text: string): boolean {
  return ipaddr.isValid(text) && (text.includes(":") || ipaddr.IPv4.isValidFourPartDecimal(text));
}

/** An address, or a range in CIDR notation. */
export function isAddressOrRange(text: string): boolean {
  const [address = "", size, ...others] = text.split("/");
  if (size === undefined) return isAddress(text);
  const most = address.includes(":") ? 128 : 32;
  const isSize = /^(?:0|[1-9]\d*)$/.test(size) && Number(size) <= most;
  return others.length === 0 && isSize && isAddress(address) && !address.includes("%");
}

export function isPort(number: number): boolean {
  return number >= 1 && number <= 65_535;
}
