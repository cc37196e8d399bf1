import { describe, expect, it } from "vitest";
import { environmentSecrets, textsIn } from "../../preview/known-secrets";

describe("known secrets", () => {
  it("are what variables of the environment hold whose names say so", () => {
    const environment = {
      ARM_CLIENT_SECRET: "correct horse",
      AZURE_STORAGE_KEY: "battery staple",
      PULUMI_ACCESS_TOKEN: "pul-correct",
      ARM_OIDC_TOKEN_FILE_PATH: "/var/run/token",
      ARM_USE_TOKEN: "true",
      HOME: "/home/octocat",
    };
    expect(environmentSecrets(environment)).toEqual(["correct horse", "battery staple", "pul-correct"]);
  });

  it("are the texts of a secret output, and of a kubeconfig its keys and tokens alone", () => {
    expect(textsIn({ a: "one", b: ["two", 3] })).toEqual(["one", "two"]);
    const kubeconfig = [
      "kind: Config",
      "clusters: [{ name: dev, cluster: { server: https://x } }]",
      "users:",
      "  - name: me",
      "    user: { token: correct-horse, client-key-data: c3RhcGxl }",
    ].join("\n");
    expect(textsIn(kubeconfig)).toEqual(["correct-horse", "c3RhcGxl"]);
  });
});
