import { type MeshAuthority } from "../../control-plane/types";
import { type ArmContext } from "../context";
import { type JsonObject, objectAt, stringAt, valueAt } from "../json";
import { readSecret, SecretError } from "../key-vault/read-secret";

/** Which secret of the plug-in profile is which file of the Secret `cacerts`. */
const FILES: Readonly<Record<keyof MeshAuthority, string>> = {
  "root-cert.pem": "rootCertObjectName",
  "ca-cert.pem": "certObjectName",
  "ca-key.pem": "keyObjectName",
  "cert-chain.pem": "certChainObjectName",
};

/** The certificate authority from Key Vault that a cluster's mesh signs with; undefined where it has its own. */
export function pluggedInAuthority(cluster: JsonObject | undefined): JsonObject | undefined {
  // A mesh that is switched off has forgotten its settings.
  const plugin = objectAt(cluster, "properties", "serviceMeshProfile", "istio", "certificateAuthority", "plugin");
  return Object.keys(plugin).length > 0 ? plugin : undefined;
}

const keyVaultAddon = ["properties", "addonProfiles", "azureKeyvaultSecretsProvider"];

/**
 * Reads the authority from the vault as the Key Vault add-on's identity.
 *
 * @returns it, or what the add-on's driver says where it does not get one of the secrets.
 */
export function readAuthority(
  context: ArmContext,
  cluster: JsonObject,
  plugin: JsonObject,
): MeshAuthority | { readonly problem: string } {
  const reader = {
    objectId: stringAt(cluster, ...keyVaultAddon, "identity", "objectId") ?? "",
    clientId: stringAt(cluster, ...keyVaultAddon, "identity", "clientId") ?? "",
  };
  const file = (name: keyof MeshAuthority): string => {
    const secret = stringAt(plugin, FILES[name]) ?? "";
    try {
      return readSecret(context, stringAt(plugin, "keyVaultId") ?? "", secret, reader);
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      // As "Istio service mesh add-on plug-in CA certificate troubleshooting" quotes it.
      throw new DriverError(
        `failed to mount objects, error: failed to get objectType:secret, objectName:${secret}, objectVersion:: keyvault.BaseClient#GetSecret: Failure responding to request: StatusCode=${error.status} -- Original Error: autorest/azure: Service returned an error. Status=${error.status} Code="${error.code}" Message="${error.message}"`,
      );
    }
  };
  try {
    return {
      "root-cert.pem": file("root-cert.pem"),
      "ca-cert.pem": file("ca-cert.pem"),
      "ca-key.pem": file("ca-key.pem"),
      "cert-chain.pem": file("cert-chain.pem"),
    };
  } catch (error) {
    if (error instanceof DriverError) return { problem: error.message };
    throw error;
  }
}

class DriverError extends Error {}

/** The driver's default interval. */
const TWO_MINUTES = 120;

/** After how many seconds the add-on looks for changed secrets again; undefined where rotation is off, and it does not. */
export function rotationSeconds(cluster: JsonObject): number | undefined {
  const config = objectAt(valueAt(cluster, ...keyVaultAddon), "config");
  if (stringAt(config, "enableSecretRotation")?.toLowerCase() !== "true") return undefined;
  return durationSeconds(stringAt(config, "rotationPollInterval") ?? "") ?? TWO_MINUTES;
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** Seconds of a duration of Go in hours, minutes and seconds, such as `1h30m`; undefined where it is none, or no time at all. */
function durationSeconds(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?[hms])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/([\d.]+)([hms])/g)];
  const seconds = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ""] ?? 0), 0);
  return seconds > 0 ? seconds : undefined;
}
