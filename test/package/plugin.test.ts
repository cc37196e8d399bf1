import { type dynamic, runtime } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { pluginProvider } from "../../scripts/package/plugin/provider";

const secretKey = "4dabf18193072939515e22adb298388d";
const secret = (value: unknown) => ({ [secretKey]: "1b47061264138c4ac30d75fd1eb44270", value });
const urn = "urn:pulumi:dev::shop::aks-mesh:index:Mesh$aks-mesh:mesh/ready-provider:Ready::shop";

/** A plugin with one provider, which notes what it is given. */
function plugin(own: Partial<dynamic.ResourceProvider> = {}) {
  const given: unknown[] = [];
  const make = (): dynamic.ResourceProvider => ({
    check(olds, news) {
      given.push(olds, news);
      return Promise.resolve({ inputs: news });
    },
    create(inputs: object) {
      given.push(inputs);
      return Promise.resolve({ id: "one", outs: { ...inputs, version: "1" } });
    },
    ...own,
  });
  const schema = {
    name: "aks-mesh",
    version: "1.0.0",
    description: "",
    license: "",
    resources: {},
    types: {},
    language: {},
  };
  return { given, served: pluginProvider({ schema, components: {}, providers: { "mesh/ready-provider": make } }) };
}

describe("the plugin for other languages", () => {
  it("knows a secret as Pulumi marks it", () => {
    expect(runtime.isRpcSecret(secret("x"))).toBe(true);
  });

  it("gives a provider what a secret is, and gives back a secret", async () => {
    const { served, given } = plugin();
    const inputs = { kubeconfig: secret("password"), nested: { list: [secret("inner")] }, plain: 1 };
    expect(await served.create?.(urn, inputs)).toEqual({
      id: "one",
      outs: { kubeconfig: secret("password"), nested: secret({ list: ["inner"] }), plain: 1, version: "1" },
    });
    expect(given).toEqual([{ kubeconfig: "password", nested: { list: ["inner"] }, plain: 1 }]);
  });

  it("keeps inputs as they came, with what a check refused", async () => {
    const failures = [{ property: "plain", reason: "fixed" }];
    const { served } = plugin({ check: (_olds, news: object) => Promise.resolve({ inputs: news, failures }) });
    const inputs = { kubeconfig: secret("password") };
    expect(await served.check?.(urn, {}, inputs)).toEqual({ inputs, failures });
  });

  it("refuses what this version of it does not have", async () => {
    const { served } = plugin();
    await expect(served.create?.(urn.replace("ready-provider", "other"), {})).rejects.toThrow("mesh/other");
    await expect(served.construct?.("shop", "aks-mesh:index:Other", {}, {})).rejects.toThrow(
      "aks-mesh has no component aks-mesh:index:Other",
    );
  });
});
