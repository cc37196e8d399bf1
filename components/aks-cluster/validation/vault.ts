import { X509Certificate } from "node:crypto";
import { type VaultIssuerArgs } from "../args";
import { type Format } from "./formats";
import { quoted } from "./problem";

const server: Format = (value) => {
  const example = "Write the address of Vault or OpenBao alone, such as https://bao.example:8200.";
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return `is ${quoted(value)}. ${example}`;
  if (url.username !== "" || url.password !== "") {
    return `has a user or a password in it, which would stand in the state in plain text. ${example}`;
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return `is ${quoted(value)}. ${example}`;
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === "https:" || isLoopback
    ? undefined
    : `is ${quoted(value)}: the login's token would go in plain text. Write https://, and caBundle where no public authority signed the server's certificate.`;
};

const path: Format = (value) => {
  const intermediate = (mount: string) =>
    `Write ${mount}/root/sign-intermediate, or ${mount}/issuer/NAME/sign-intermediate for one issuer of several.`;
  const leaf = /^\/?(?:v1\/)?(?<mount>.+?)(?:\/issuer\/[^/]+)?\/(?:sign|issue|sign-verbatim)(?:\/[^/]+)?$/.exec(value);
  if (leaf?.groups !== undefined) {
    return `is ${quoted(value)}, by which certificates are signed that may sign no others. ${intermediate(leaf.groups["mount"] ?? "")}`;
  }
  return /^(?!\/|v1\/)\S+?(?<!\/)\/(root|issuer\/[^/\s]+)\/sign-intermediate$/.test(value)
    ? undefined
    : `is ${quoted(value)}, and is not where an engine pki signs an intermediate certificate. ${intermediate("MOUNT")}`;
};

/** Tokens of Vault and OpenBao: service, batch and recovery tokens. */
const token = /^(hv)?[sbr]\.[\w-]{20,}$/;

const role: Format = (value) => {
  if (token.test(value)) return "is a token, which would stand in the state in plain text. Write the name of a role.";
  return /^[\w.-]+$/.test(value) ? undefined : `is ${quoted(value)}. Write the name of a role of the login.`;
};

const authPath: Format = (value) =>
  /^(?!auth\/|v1\/)[^/\s]+(\/[^/\s]+)*$/.test(value)
    ? undefined
    : `is ${quoted(value)}. Write where the auth method is mounted, without /v1/auth: kubernetes.`;

const caBundle: Format = (value) => {
  if (value.includes("PRIVATE KEY"))
    return "has a private key in it, which nobody needs here. Write certificates alone.";
  const certificates = value.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
  return certificates.length > 0 && certificates.every(isCertificate)
    ? undefined
    : "is no certificate in PEM. Write those of who signed the server's, from -----BEGIN CERTIFICATE----- on.";
};

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

const noSecret: Format = () =>
  "would stand in the state in plain text, and is no field: cert-manager logs in by a token of an account of the cluster. Leave it out, and write the role of that login as role.";

/** What the fields of Vault's settings have to look like, by path; and that there are none for what other ways to log in need. */
export function vaultFormats(at: string): Readonly<Record<string, Format>> {
  const fields: Readonly<Record<keyof Omit<VaultIssuerArgs, "namespace">, Format>> = {
    ...{ server, path, role, authPath, caBundle },
  };
  const others = Object.fromEntries(["token", "roleId", "secretId"].map((name) => [name, noSecret]));
  return Object.fromEntries(
    Object.entries({ ...fields, ...others }).map(([name, format]) => [`${at}.${name}`, format]),
  );
}
