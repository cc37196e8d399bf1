import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type InlinePoolsInputs } from "../../../components/aks-cluster/inline-pools-provider";
import { DynamicResource } from "../../../components/dynamic";
import { type FeatureInputs } from "../../../components/feature-registration/provider";

const secret = "a-secret-of-the-environment";

/** As Pulumi's host of dynamic providers loads a text. */
const requireFromString = createRequire(__filename)("require-from-string") as (text: string) => {
  handler(): pulumi.dynamic.ResourceProvider;
};

class Example extends DynamicResource {}

const providers = {
  FeatureRegistration: "feature-registration/provider",
  CreateOnlySettings: "aks-cluster/create-only-settings-provider",
  InlinePools: "aks-cluster/inline-pools-provider",
  BootstrapRemoval: "aks-cluster/bootstrap-removal-provider",
  MeshReady: "open-service-mesh/mesh-ready-provider",
  ObjectsInPlace: "objects-in-place/provider",
} as const;

type Name = keyof typeof providers;

describe("the text of a dynamic provider", () => {
  const texts = new Map<string, string>();
  const load = (name: Name) => requireFromString(texts.get(name) ?? "").handler();

  beforeAll(async () => {
    vi.stubEnv("ARM_CLIENT_SECRET", secret);
    await pulumi.runtime.setMocks({
      newResource({ type, name, inputs }) {
        expect(type).toBe(`pulumi-nodejs:dynamic/aks-mesh:${name}`);
        texts.set(name, (inputs as { __provider: string }).__provider);
        return { id: name, state: {} };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    });
    const made = Object.entries(providers).map(([type, module]) => new Example(type, module, type, {}));
    await Promise.all(made.map(({ urn }) => new Promise((resolve) => urn.apply(resolve))));
    vi.unstubAllEnvs();
  });

  beforeEach(() => void vi.stubEnv("ARM_ENVIRONMENT", "moon"));
  afterEach(() => void vi.unstubAllEnvs());

  it.each<[Name, string[]]>([
    ["FeatureRegistration", ["configure", "create", "delete", "diff", "read", "update"]],
    ["CreateOnlySettings", ["check", "configure", "create", "diff", "update"]],
    ["InlinePools", ["configure", "create", "diff", "read", "update"]],
    ["BootstrapRemoval", ["configure", "create", "diff", "read"]],
    ["MeshReady", ["create", "diff", "update"]],
    ["ObjectsInPlace", ["create", "diff", "update"]],
  ])("of %s is loaded with all its methods", (name, methods) => {
    expect(Object.keys(load(name)).sort()).toEqual(methods);
  });

  it("works where it is loaded, with the packages that are there", async () => {
    const inputs: InlinePoolsInputs = {
      resourceGroupName: "g",
      clusterName: "c",
      createOnlyHash: "a",
      updateHash: "b",
      profile: "[]",
    };
    expect((await load("InlinePools").create?.(inputs))?.outs).toEqual({ ...inputs, inlinePools: "[]" });
    // Reaches through every layer down to the choice of a cloud, which this environment names wrongly.
    const feature: FeatureInputs = {
      providerNamespace: "n",
      feature: "f",
      timeoutSeconds: 1,
      unregisterOnDelete: false,
    };
    await expect(load("FeatureRegistration").create?.(feature)).rejects.toThrow(
      'azure-native:environment is "moon". Write public, usgovernment or china.',
    );
    await expect(load("ObjectsInPlace").create?.({ kubeconfig: "none", objects: "[]" })).rejects.toThrow(
      "this is no kubeconfig",
    );
  });

  it.each(Object.keys(providers))("of %s holds nothing of where it was made", (name) => {
    expect(texts.get(name)).toContain("handler");
    expect(texts.get(name)).not.toContain(secret);
    expect(texts.get(name)).not.toContain(process.cwd());
  });
});
