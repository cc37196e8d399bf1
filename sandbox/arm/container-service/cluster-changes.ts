import { aksError } from "../errors";
import { type JsonObject, objectAt, valueAt } from "../json";
import { sameValue } from "./agent-pool";

/** Paths below `properties` that cannot change once a cluster is there. */
const IMMUTABLE: readonly (readonly string[])[] = [
  ["dnsPrefix"],
  ["fqdnSubdomain"],
  ["nodeResourceGroup"],
  ["diskEncryptionSetID"],
  ["enableRBAC"],
  ["linuxProfile", "adminUsername"],
  ["linuxProfile", "ssh", "publicKeys"],
  ["windowsProfile", "adminUsername"],
  ["networkProfile", "serviceCidr"],
  ["networkProfile", "serviceCidrs"],
  ["networkProfile", "dnsServiceIP"],
  ["networkProfile", "networkMode"],
  ["networkProfile", "podCidr"],
  ["networkProfile", "podCidrs"],
  ["networkProfile", "loadBalancerSku"],
  ["apiServerAccessProfile", "enablePrivateCluster"],
  ["apiServerAccessProfile", "privateDNSZone"],
];

/** @throws ArmError 400 PropertyChangeNotAllowed where a request would change what was fixed at creation. */
export function checkClusterChange(existing: JsonObject, body: JsonObject): void {
  const before = objectAt(existing, "properties");
  const after = objectAt(body, "properties");
  for (const path of IMMUTABLE) {
    const wanted = valueAt(after, ...path);
    if (wanted === undefined || wanted === null) continue;
    const current = valueAt(before, ...path);
    // What was never said and is false means the same as not saying it.
    if (current === undefined && wanted === false) continue;
    if (!sameValue(current, wanted)) refuse(path);
  }
  checkNetworkChange(objectAt(before, "networkProfile"), objectAt(after, "networkProfile"));
  const oidc = objectAt(after, "oidcIssuerProfile")["enabled"];
  if (oidc === false && objectAt(before, "oidcIssuerProfile")["enabled"] === true)
    refuse(["oidcIssuerProfile", "enabled"]);
  const aad = objectAt(after, "aadProfile");
  if (aad["managed"] === false && objectAt(before, "aadProfile")["managed"] === true) refuse(["aadProfile", "managed"]);
}

/** Network settings that AKS lets move one way only: kubenet → azure, to overlay, to the Cilium data plane. */
function checkNetworkChange(before: JsonObject, after: JsonObject): void {
  const changes = (property: string): boolean =>
    after[property] !== undefined && after[property] !== null && !sameValue(before[property], after[property]);
  if (changes("networkPlugin") && !(before["networkPlugin"] === "kubenet" && after["networkPlugin"] === "azure")) {
    refuse(["networkProfile", "networkPlugin"]);
  }
  if (changes("networkPluginMode") && before["networkPluginMode"] !== undefined)
    refuse(["networkProfile", "networkPluginMode"]);
  if (changes("networkDataplane") && after["networkDataplane"] !== "cilium")
    refuse(["networkProfile", "networkDataplane"]);
}

function refuse(path: readonly string[]): never {
  const name = path.join(".");
  throw aksError(400, "PropertyChangeNotAllowed", `Changing property '${name}' is not allowed.`, {
    target: `properties.${name}`,
  });
}
