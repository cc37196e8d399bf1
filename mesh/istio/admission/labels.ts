import { type Refuse } from "./webhook";

const name = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const part = "[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?";
const prefix = new RegExp(`^${part}(?:\\.${part})*$`);

/** What istiod's webhook refuses of labels that objects write themselves: of subsets, callers and endpoints (pkg/config/labels). */
export function checkLabels(labels: Readonly<Record<string, string>>, path: string, refuse: Refuse): void {
  for (const [key, value] of Object.entries(labels)) {
    if (!isKey(key))
      refuse(
        "label",
        path,
        `${JSON.stringify(key)} is no key of a label`,
        "write letters, digits, -, _ and ., with a domain and / before them if you like",
      );
    if (value !== "" && !name.test(value))
      refuse(
        "label",
        `${path}.${key}`,
        `${JSON.stringify(value)} is no value of a label`,
        "write letters, digits, -, _ and .",
      );
  }
}

function isKey(key: string): boolean {
  const slash = key.indexOf("/");
  const [domain, own] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
  return own.length <= 63 && name.test(own) && (domain === undefined || (domain.length <= 253 && prefix.test(domain)));
}
