import { parse, stringify } from "yaml";
import { isJsonObject } from "../mesh/manifests";

/** What stands where a secret was. */
export const hidden = "[not published]";

/** How Pulumi marks values that are not plain JSON, and which of them is a secret (sdk/go/common/resource/sig). */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/**
 * A stack's state, as `pulumi stack export --show-secrets` prints it, without its secrets. Of a kubeconfig stays where the cluster is and
 * by which certificate it is known, without who logs in: from that, providers tell that a cluster is the same.
 *
 * @throws Error where it is no exported state.
 */
export function withoutSecretValues(exported: unknown): Record<string, unknown> {
  if (!isJsonObject(exported) || !isJsonObject(exported["deployment"])) {
    throw new Error("This is no state that `pulumi stack export` prints: it has no deployment.");
  }
  // The key goes with the secrets.
  const deployment = Object.entries(exported["deployment"]).filter(([key]) => key !== "secrets_providers");
  return { ...exported, deployment: plain(Object.fromEntries(deployment)) };
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isJsonObject(value)) return value;
  if (value[signature] === secretSignature) return secretText(value["plaintext"]);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

/** @param plaintext the secret's JSON; undefined where the export kept it encrypted. */
function secretText(plaintext: unknown): string {
  if (typeof plaintext !== "string") return hidden;
  const value: unknown = JSON.parse(plaintext);
  return (typeof value === "string" ? kubeconfigWithoutUsers(value) : undefined) ?? hidden;
}

function kubeconfigWithoutUsers(text: string): string | undefined {
  if (!/^\s*"?(apiVersion|kind|clusters)\b/m.test(text)) return undefined;
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    // No YAML, and so no kubeconfig.
    return undefined;
  }
  if (!isJsonObject(value) || value["kind"] !== "Config" || !Array.isArray(value["clusters"])) return undefined;
  const { apiVersion, kind, clusters, contexts, "current-context": current } = value;
  const rest = stringify({ apiVersion, kind, clusters: clusters.map(address), contexts, "current-context": current });
  return `${rest}# users: ${hidden}\n`;
}

function address(cluster: unknown): unknown {
  if (!isJsonObject(cluster) || !isJsonObject(cluster["cluster"])) return {};
  const { server, "certificate-authority-data": authority } = cluster["cluster"];
  return { name: cluster["name"], cluster: { server, "certificate-authority-data": authority } };
}
