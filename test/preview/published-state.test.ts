import { describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { withoutSecrets } from "../../preview/published-settings";
import { hidden, withoutSecretValues } from "../../preview/published-state";

const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});

const kubeconfig = [
  "apiVersion: v1",
  "kind: Config",
  "clusters:",
  "  - name: shop",
  "    cluster: { server: https://shop.example, certificate-authority-data: Q0E= }",
  "contexts:",
  "  - { name: shop, context: { cluster: shop, user: admin } }",
  "current-context: shop",
  "users:",
  "  - { name: admin, user: { token: t0ps3cret, client-key-data: S0VZ } }",
].join("\n");

describe("a stack's state without its secrets", () => {
  const published = withoutSecretValues({
    version: 3,
    deployment: {
      secrets_providers: { type: "passphrase", state: { salt: "v1:abc" } },
      resources: [
        {
          urn: "a",
          inputs: { data: { password: secret("hunter2"), name: "shop" }, whole: secret({ key: ["hunter3"] }) },
        },
        { urn: "b", outputs: { kubeconfig: secret(kubeconfig), list: [secret(5), "plain"] } },
        { urn: "c", inputs: { sealed: { ...secret(""), plaintext: undefined, ciphertext: "v1:xyz" } } },
      ],
      pending_operations: [{ resource: { inputs: { token: secret("hunter4") } } }],
    },
  });

  it("has nothing of them, nor of the key that goes with them", () => {
    const text = JSON.stringify(published);
    for (const part of [
      "hunter",
      "t0ps3cret",
      "S0VZ",
      "admin, user",
      "v1:abc",
      "v1:xyz",
      "1b47061264138c4ac30d75fd1eb44270",
    ]) {
      expect(text).not.toContain(part);
    }
  });

  it("keeps everything else, and of a kubeconfig which cluster it is", () => {
    expect(published).toMatchObject({
      version: 3,
      deployment: {
        resources: [
          { urn: "a", inputs: { data: { password: hidden, name: "shop" }, whole: hidden } },
          { urn: "b", outputs: { list: [hidden, "plain"] } },
          { urn: "c", inputs: { sealed: hidden } },
        ],
        pending_operations: [{ resource: { inputs: { token: hidden } } }],
      },
    });
    const { resources } = published["deployment"] as { resources: { outputs: { kubeconfig: string } }[] };
    expect(parse(resources[1]?.outputs.kubeconfig ?? "")).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "shop", cluster: { server: "https://shop.example", "certificate-authority-data": "Q0E=" } }],
      contexts: [{ name: "shop", context: { cluster: "shop", user: "admin" } }],
      "current-context": "shop",
    });
  });

  it("is refused of what is no state", () => {
    expect(() => withoutSecretValues({ resources: [] })).toThrow("it has no deployment");
  });
});

it("a stack's settings lose what only its key can read, and which key that is", () => {
  const settings = parseDocument(
    ["secretsprovider: azurekeyvault://v/keys/k", "encryptedkey: abc", "encryptionsalt: v1:def"]
      .concat([
        "config:",
        "  a:location: westeurope",
        "  a:token:",
        "    secure: v1:ghi",
        "  a:deep:",
        "    inner: { secure: v1:jkl }",
      ])
      .join("\n"),
  );
  withoutSecrets(settings);
  expect(settings.toJSON()).toEqual({
    config: { "a:location": "westeurope", "a:token": hidden, "a:deep": { inner: hidden } },
  });
});
