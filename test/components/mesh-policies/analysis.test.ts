import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { MeshPolicies, type MeshPoliciesArgs } from "../../../components/mesh-policies";
import { definePolicy } from "../../../mesh/policy";
import { recordRegistrations, valueOf } from "../registrations";

beforeAll(async () => {
  await recordRegistrations();
});

const services = {
  web: { namespace: "shop", serviceAccount: "web" },
  stranger: { namespace: "shop", serviceAccount: "stranger" },
  api: { namespace: "shop", serviceAccount: "api", ports: [{ port: 80, protocol: "http" }] },
  next: { namespace: "shop", serviceAccount: "next", ports: [{ port: 80, protocol: "http" }] },
} as const;
const routes = {
  main: { read: { methods: ["GET"], path: "/items/[0-9]+" }, write: { methods: ["POST"], path: "/items" } },
} as const;
const namespaces = [{ name: "shop" }];
const accessOf = (args: Omit<MeshPoliciesArgs, "namespaces">) =>
  valueOf(new MeshPolicies("p", { namespaces, ...args }).access);

describe("a policy of mesh/policy", () => {
  const policy = definePolicy({ services, routes, access: [{ from: "web", to: "api", routes: ["main/read"] }] });

  test("is a matrix", async () => {
    expect(await accessOf({ policy })).toEqual({ "shop/web → shop/api:80": { "GET /items/[0-9]+": "allowed" } });
  });

  test("changes the matrix where it changes, and nowhere else", async () => {
    const open = definePolicy({
      services,
      routes,
      access: [
        { from: "web", to: "api", routes: ["main/read"] },
        { from: "web", to: "next", routes: ["main/read", "main/write"] },
      ],
      splits: [{ root: "api", backends: { api: 90, next: 10 } }],
    });
    const both = "api 90 %, next 10 %";
    expect(await accessOf({ policy: open })).toEqual({
      // The root selects the pods of both, so that half of what it gets itself reaches pods that take the POST too.
      "shop/web → shop/api:80": { "GET /items/[0-9]+": both, "POST /items": "api 45 %, next 10 %, may fail" },
      "shop/web → shop/next:80": { "GET /items/[0-9]+": "allowed", "POST /items": "allowed" },
    });
  });

  test("has nothing in it that the namespaces' isolation stops", async () => {
    const across = definePolicy({
      services: {
        ...services,
        far: { namespace: "far", serviceAccount: "far", ports: [{ port: 80, targetPort: 8080, protocol: "http" }] },
      },
      routes,
      access: [
        { from: "web", to: "api", routes: ["main/read"] },
        { from: "web", to: "far", routes: ["main/read"] },
      ],
    });
    const own = { team: "shop" };
    const isolated = (reaches: readonly { namespace: string; port: number }[]) => ({
      policy: across,
      namespaces: [{ name: "shop", labels: own, isolation: { peers: own, reaches: [...reaches] } }, { name: "far" }],
    });
    const near = { "shop/web → shop/api:80": { "GET /items/[0-9]+": "allowed" } };
    const matrix = (reaches: readonly { namespace: string; port: number }[]) =>
      valueOf(new MeshPolicies("p", isolated(reaches)).access);
    expect(() => new MeshPolicies("p", isolated([]))).toThrow(
      /lets shop\/web call far\/far on port 80, but the network below/,
    );
    expect(await matrix([{ namespace: "far", port: 8080 }])).toEqual({
      ...near,
      "shop/web → far/far:80": { "GET /items/[0-9]+": "allowed" },
    });
  });

  test("that the mesh cannot carry out is refused, with the place", () => {
    const wrong = definePolicy({ services, splits: [{ root: "api", backends: { api: 0 } }] });
    expect(() => new MeshPolicies("p", { namespaces, policy: wrong })).toThrow("policy: splits[0].backends: give one");
  });

  test("in permissive mode is one row for everybody", async () => {
    const permissive = definePolicy({ services, mode: "permissive" });
    expect(await accessOf({ policy: permissive, mesh: { permissiveMode: true } })).toEqual({
      "everybody → shop/api:80": { "any request": "allowed" },
      "everybody → shop/next:80": { "any request": "allowed" },
    });
  });
});

describe("guarantees", () => {
  const access = [{ from: ["web", "stranger"], to: "api", routes: ["main/read", "main/write"] }] as const;

  test("that hold say nothing", async () => {
    const guarantees = [
      { name: "no deletions", kind: "never", to: "api", requests: { methods: ["DELETE"] } },
      { name: "reading", kind: "always", from: "web", to: "api", requests: { methods: ["GET"], path: "/items/7" } },
    ] as const;
    const policy = definePolicy({ services, routes, access, guarantees });
    expect(Object.keys(await accessOf({ policy }))).toHaveLength(2);
  });

  test("that are broken stop the program, each with a request and the objects that let it pass", () => {
    const guarantees = [
      { name: "strangers only read", kind: "never", from: "stranger", to: "api", requests: { methods: ["POST"] } },
      { name: "web may delete", kind: "always", from: "web", to: "api", requests: { methods: ["DELETE"] } },
    ] as const;
    const policy = definePolicy({ services, routes, access, guarantees });
    const said = (): string => {
      try {
        new MeshPolicies("p", { namespaces, policy });
      } catch (error) {
        if (error instanceof pulumi.RunError) return error.message;
        throw error;
      }
      return "nothing";
    };
    expect(said()).toMatch(/^The mesh policies have 2 errors:\n- Guarantee strangers only read: .* is allowed\.\n/);
    expect(said()).toContain("shown by  shop/stranger → api.shop.svc.cluster.local:80 POST /items\n");
    expect(said()).toContain("because   TrafficTarget shop/web-stranger-to-api\n");
    expect(said()).toMatch(/Guarantee web may delete: .* is no-route\.\n +shown by +shop\/web → \S+ DELETE \//);
  });

  test("can be given for plain objects", () => {
    const args: MeshPoliciesArgs = {
      namespaces,
      httpRouteGroups: [{ metadata: { namespace: "shop", name: "all" }, spec: { matches: [{ name: "all" }] } }],
      trafficTargets: [
        {
          metadata: { namespace: "shop", name: "web" },
          spec: {
            destination: { kind: "ServiceAccount", namespace: "shop", name: "api" },
            sources: [{ kind: "ServiceAccount", namespace: "shop", name: "web" }],
            rules: [{ kind: "HTTPRouteGroup", name: "all", matches: ["all"] }],
          },
        },
      ],
      workloads: {
        services: [
          {
            metadata: { namespace: "shop", name: "front" },
            spec: { selector: { app: "api" }, ports: [{ port: 8080, appProtocol: "http" }] },
          },
        ],
        deployments: [
          {
            metadata: { namespace: "shop", name: "api" },
            spec: {
              selector: { matchLabels: { app: "api" } },
              template: {
                metadata: { labels: { app: "api" } },
                spec: {
                  serviceAccountName: "api",
                  // What an image is called may come late: it does not matter here.
                  containers: [{ name: "api", image: pulumi.output("api:1") }],
                },
              },
            },
          },
        ],
      },
      guarantees: [{ name: "closed", kind: "never", from: ["*"], to: "shop/front", requests: { path: "/admin/.*" } }],
    };
    expect(() => new MeshPolicies("p", args)).toThrow(
      /Guarantee closed: [^]*shop\/web → front\.shop\.svc\.cluster\.local:8080 GET \/admin\//,
    );
  });
});

test("what only workloads could tell is left open where they are not given", async () => {
  const access = await accessOf({
    trafficSplits: [
      {
        metadata: { namespace: "shop", name: "split" },
        spec: { service: "api", backends: [{ service: "api-v1", weight: 1 }] },
      },
    ],
  });
  expect(access).toEqual({});
});
