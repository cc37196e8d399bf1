import { parse, stringify } from "yaml";

import { KubeconfigLogin } from "./enums";

/** `kubelogin get-token`'s arguments for each way to log in. Secrets stay in the environment. */
const loginArguments: Readonly<Record<KubeconfigLogin, readonly string[]>> = {
  AzureCli: ["--login", "azurecli"],
  ServicePrincipal: ["--login", "spn", "--use-azurerm-env-vars"],
  WorkloadIdentity: ["--login", "workloadidentity"],
  ManagedIdentity: ["--login", "msi"],
  DeviceCode: ["--login", "devicecode"],
};

/** Arguments of the user kubeconfig's exec plugin that belong to the way of logging in, each with a value or without. */
const replaced: Readonly<Record<string, "value" | "flag">> = {
  "--login": "value",
  "-l": "value",
  "--use-azurerm-env-vars": "flag",
};

interface Kubeconfig {
  users?: { name: string; user: { exec?: { command: string; args?: string[] } } }[];
}

/** The login that fits the credentials by which azure-native itself gets into Azure, as the environment says them. */
export function loginLike(environment: NodeJS.ProcessEnv): KubeconfigLogin {
  if (environment["ARM_USE_OIDC"] === "true") return KubeconfigLogin.WorkloadIdentity;
  if (environment["ARM_USE_MSI"] === "true") return KubeconfigLogin.ManagedIdentity;
  return environment["ARM_CLIENT_SECRET"] ? KubeconfigLogin.ServicePrincipal : KubeconfigLogin.AzureCli;
}

/**
 * The first of the kubeconfigs of `listClusterUserCredential` (with `format=exec`), for a user who logs in like that.
 *
 * @param kubeconfigs each in base64.
 * @throws Error where there is none.
 */
export function userKubeconfig(
  clusterName: string,
  kubeconfigs: readonly { readonly value: string }[],
  login: KubeconfigLogin,
): string {
  const [first] = kubeconfigs;
  if (!first) throw new Error(`Azure gave no kubeconfig for the cluster ${clusterName}.`);
  return withLogin(Buffer.from(first.value, "base64").toString("utf8"), login);
}

/**
 * The kubeconfig that AKS hands out, with the login of its `kubelogin` plugin replaced. A user without such a plugin (a
 * cluster with local accounts) is left as it is.
 *
 * @throws Error if `kubeconfig` is not a kubeconfig.
 */
export function withLogin(kubeconfig: string, login: KubeconfigLogin): string {
  const config = parse(kubeconfig) as Kubeconfig | null;
  if (!config || !Array.isArray(config.users)) {
    throw new Error("AKS answered with something that is not a kubeconfig: it has no users.");
  }
  for (const { user } of config.users) {
    if (user.exec) {
      user.exec.args = [...withoutLogin(user.exec.args ?? []), ...loginArguments[login]];
    }
  }
  return stringify(config, { lineWidth: 0 });
}

function withoutLogin(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    const kind = replaced[arg.split("=")[0] ?? ""];
    if (kind === undefined) {
      kept.push(arg);
    } else if (kind === "value" && !arg.includes("=")) {
      index++;
    }
  }
  return kept;
}
