import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { KubeconfigLogin } from "../../../components/aks-cluster";
import { withLogin } from "../../../components/aks-cluster/kubeconfig";
import { userKubeconfig } from "./mocks";

function loginArgs(kubeconfig: string): string[] {
  const { users } = parse(kubeconfig) as { users: { user: { exec: { args: string[] } } }[] };
  return users[0]?.user.exec.args ?? [];
}

const kept = ["get-token", "--environment", "AzurePublicCloud", "--server-id", "6dae42f8", "--tenant-id", "t"];

describe("withLogin", () => {
  it.each([
    [KubeconfigLogin.AzureCli, ["--login", "azurecli"]],
    [KubeconfigLogin.ServicePrincipal, ["--login", "spn", "--use-azurerm-env-vars"]],
    [KubeconfigLogin.WorkloadIdentity, ["--login", "workloadidentity"]],
    [KubeconfigLogin.ManagedIdentity, ["--login", "msi"]],
    [KubeconfigLogin.DeviceCode, ["--login", "devicecode"]],
  ])("logs in by %s and keeps every other argument", (login, args) => {
    expect(loginArgs(withLogin(userKubeconfig, login))).toEqual([...kept, ...args]);
  });

  it.each(["--login=devicecode", "-l, devicecode"])("replaces a login written %s", (written) => {
    const config = userKubeconfig.replace("--login, devicecode", written);
    expect(config).not.toBe(userKubeconfig);
    expect(loginArgs(withLogin(config, "AzureCli"))).toEqual([...kept, "--login", "azurecli"]);
  });

  it("changes nothing when done twice", () => {
    const once = withLogin(userKubeconfig, "ServicePrincipal");
    expect(withLogin(once, "ServicePrincipal")).toBe(once);
  });

  it("leaves a user with a certificate as it is", () => {
    const config = "users:\n  - name: admin\n    user:\n      client-certificate-data: Zm9v\n";
    expect(parse(withLogin(config, "AzureCli"))).toEqual(parse(config));
  });

  it("refuses what is no kubeconfig", () => {
    expect(() => withLogin("", "AzureCli")).toThrow(/not a kubeconfig: it has no users/);
  });
});
