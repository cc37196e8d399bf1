import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { MeshPolicies } from "../../../components/mesh-policies";
import { knownValue } from "../../../components/mesh-policies/known";
import { report } from "../../../components/mesh-policies/report";
import { definePolicy } from "../../../mesh/policy";

/** What was logged: severity, the resource's URN, and the text. */
const logged: { severity: string; urn: string; text: string }[] = [];

beforeAll(async () => {
  const preview = true;
  await pulumi.runtime.setMocks(
    { call: ({ inputs }) => inputs, newResource: ({ name, inputs }) => ({ id: name, state: inputs }) },
    "project",
    "stack",
    preview,
  );
  for (const [severity, method] of [
    ["error", "error"],
    ["warning", "warn"],
    ["info", "info"],
  ] as const) {
    vi.spyOn(pulumi.log, method).mockImplementation((text, resource) => {
      return new Promise((resolve) => {
        resource?.urn.apply((urn) => {
          logged.push({ severity, urn: urn.slice(urn.lastIndexOf("::") + 2), text });
          resolve();
        });
      });
    });
  }
});
beforeEach(() => {
  logged.length = 0;
});

const policy = definePolicy({
  services: {
    web: { namespace: "shop", serviceAccount: "web" },
    api: { namespace: "shop", serviceAccount: "api", ports: [{ port: 80, protocol: "http" }] },
  },
  routes: { main: { read: { methods: ["GET"], path: "/items/.*" } } },
  access: [{ from: "web", to: "api", routes: ["main/read"] }],
  guarantees: [{ name: "reading only", kind: "never", to: "api", requests: { methods: ["POST"] } }],
});

const account = (name: pulumi.Input<string>) => ({ kind: "ServiceAccount", namespace: "shop", name }) as const;

/** A TrafficTarget from somebody to api. */
function target(name: string, source: pulumi.Input<string>, matches: string[]) {
  return {
    metadata: { namespace: "shop", name },
    spec: {
      destination: account("api"),
      sources: [account(source)],
      rules: [{ kind: "HTTPRouteGroup", name: "extra", matches } as const],
    },
  };
}

const routes = {
  metadata: { namespace: "shop", name: "extra" },
  spec: { matches: [{ name: "all" }, { name: "status", pathRegex: "/status" }] },
};

const inShop = { namespaces: [{ name: "shop" }], policy };
const unguarded = { ...policy, guarantees: [] };
async function said() {
  await expect.poll(() => logged).not.toEqual([]);
  return logged;
}

describe("diagnostics of a preview", () => {
  test("stand on the resource that they are about", async () => {
    const shadowed = target("extra", "web", ["all", "status"]);
    new MeshPolicies("p", { ...inShop, policy: unguarded, httpRouteGroups: [routes], trafficTargets: [shadowed] });
    const [finding, ...others] = await said();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: "warning", urn: "p-TrafficTarget-shop-extra" });
    expect(finding?.text).toMatch(/^spec\.rules\[0\]: match status .*\n +remedy +Take it out/);
  });

  test("are not needed where all is well", async () => {
    const policies = new MeshPolicies("p", inShop);
    expect(await knownValue(policies.access)).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(logged).toEqual([]);
  });

  test("fail it after the last of them, where there are errors", async () => {
    const component = new pulumi.ComponentResource("test:index:Component", "component");
    const target = new pulumi.ComponentResource("test:index:Target", "target");
    const diagnostics = [
      { severity: "error", object: "TrafficTarget shop/buyers", text: "bad" },
      { severity: "error", object: "Guarantee no theft", text: "broken" },
    ] as const;
    await expect(report(diagnostics, component, new Map([["TrafficTarget shop/buyers", target]]))).rejects.toThrow(
      "The mesh policies have 2 errors",
    );
    expect(logged).toHaveLength(2);
    expect(logged).toContainEqual({ severity: "error", urn: "target", text: "bad" });
    expect(logged).toContainEqual({ severity: "error", urn: "component", text: "Guarantee no theft: broken" });
  });
});

describe("what a preview does not know", () => {
  const unknown: pulumi.Output<string> = pulumi.output(pulumi.unknown).apply(String);

  test("is said; the rest is analysed, as a warning, since the whole may be otherwise", async () => {
    const policies = new MeshPolicies("p", {
      ...inShop,
      httpRouteGroups: [routes],
      trafficTargets: [target("late", unknown, ["status"]), target("open", "web", ["all"])],
    });
    const found = await said();
    expect(await knownValue(policies.access)).toEqual([]);
    expect(found.map(({ severity, urn }) => [severity, urn])).toEqual([
      ["warning", "p"],
      ["info", "p"],
    ]);
    expect(found[0]?.text).toMatch(/^Guarantee reading only: [^]*shop\/web → api\.shop\.svc\.cluster\.local:80 POST/);
    expect(found[1]?.text).toContain("Not known in this preview: TrafficTarget shop/late.");
  });

  test("may be an image without hiding anything", async () => {
    const template = {
      metadata: { labels: { app: "api" } },
      spec: { serviceAccountName: "api", containers: [{ name: "api", image: unknown }] },
    };
    const policies = new MeshPolicies("p", {
      ...inShop,
      workloads: {
        deployments: [
          {
            metadata: { name: "api", namespace: "shop" },
            spec: { selector: { matchLabels: { app: "api" } }, template },
          },
        ],
        services: [
          { metadata: { name: "api", namespace: "shop" }, spec: { selector: { app: "api" }, ports: [{ port: 80 }] } },
        ],
      },
    });
    expect(await knownValue(policies.access)).toEqual([{ "shop/web → shop/api:80": { "GET /items/.*": "allowed" } }]);
  });
});

test("nothing of a secret policy is quoted", async () => {
  const secret = pulumi.secret("hunter2");
  const policies = new MeshPolicies("p", {
    ...inShop,
    policy: unguarded,
    httpRouteGroups: [
      { ...routes, spec: { matches: [{ name: "all" }, { name: "status", headers: [{ token: secret }] }] } },
    ],
    trafficTargets: [target("extra", "web", ["all", "status"])],
  });
  const found = await said();
  expect(found).toMatchObject([{ severity: "warning", urn: "p-TrafficTarget-shop-extra" }]);
  expect(JSON.stringify(found)).not.toContain("hunter2");
  expect(found[0]?.text).toMatch(/^Not shown, because one of the policies holds a secret/);
  expect(await pulumi.isSecret(policies.access)).toBe(true);
});
