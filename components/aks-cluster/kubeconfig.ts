import { parse, stringify } from "yaml";

import { type KubeconfigLogin } from "./enums";

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
