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
  // A last dot ends the name.
  if (parts.length > 1 && parts.at(-1) === "") parts.pop();
  const [first = "", ...others] = parts;
  const last = parts.at(-1) ?? "";
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
  return text.includes("/") ? ipaddr.isValidCIDR(text) : isAddress(text);
}

export function isPort(number: number): boolean {
  return number >= 1 && number <= 65_535;
}
