import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Application } from "../../../components/application";
import { MeshPolicies, type MeshPoliciesArgs } from "../../../components/mesh-policies";
import { type IstioObject, type SidecarSpec } from "../../../mesh/istio/kinds";
import { definePolicy } from "../../../mesh/policy";
import { bookstoreArgs } from "../application/bookstore-args";
import { good } from "../../mesh/osm/admission/objects";
import { allRegistered, recordRegistrations, type Registration, valueOf } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const named = (name: string, type = ""): Registration =>
  registrations.find((registration) => registration.name === name && registration.type.endsWith(type)) ??
  expect.fail(`${name} is not among ${registrations.map((registration) => registration.name).join(", ")}`);
const istio = { revision: "asm-1-30" };

/** A shop whose cart may be asked by path. */
const shop = (path: string) =>
  definePolicy({
    services: {
      front: { namespace: "web", serviceAccount: "front" },
      cart: { namespace: "shop", serviceAccount: "cart", ports: [{ port: 8080, protocol: "http" }] },
    },
    routes: { cart: { read: { methods: ["GET"], path } } },
    access: [{ from: "front", to: "cart", routes: ["cart/read"] }],
  });
const labels = { app: "cart" };
const workloads = {
  serviceAccounts: [
    { metadata: { name: "cart", namespace: "shop" } },
    { metadata: { name: "front", namespace: "web" } },
  ],
  services: [
    {
      metadata: { name: "cart", namespace: "shop" },
      spec: { selector: labels, ports: [{ name: "http-8080", port: 8080, targetPort: 8080, appProtocol: "http" }] },
    },
  ],
  deployments: [
    {
      metadata: { name: "cart", namespace: "shop" },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { serviceAccountName: "cart", containers: [{ name: "cart" }] } },
      },
    },
    {
      metadata: { name: "front", namespace: "web" },
      spec: {
        selector: { matchLabels: { app: "front" } },
        template: {
          metadata: { labels: { app: "front" } },
          spec: { serviceAccountName: "front", containers: [{ name: "front" }] },
        },
      },
    },
  ],
};
const args = (path: string): MeshPoliciesArgs => ({
  ...{ namespaces: [{ name: "shop" }, { name: "web" }], policy: shop(path), workloads, istio },
});

/** An object as a configuration file may have it, which no compiler has seen. */
function istioObject(kind: string): Pick<MeshPoliciesArgs, "istioObjects"> {
  const object: unknown = { apiVersion: "networking.istio.io/v1", kind, metadata: { name: "a", namespace: "shop" } };
  return { istioObjects: [object as IstioObject] };
}

describe("MeshPolicies on Istio", () => {
  test("writes timeouts and outlier detection, and refuses a value that cannot be meant", async () => {
    const rules = (timeout: string): MeshPoliciesArgs => ({
      ...args("/items"),
      policy: {
        ...shop("/items"),
        timeouts: [{ from: "front", to: "cart", timeout }],
        limits: [{ service: "cart", outliers: { maxEjectionPercent: 50 } }],
      },
    });
    const policies = new MeshPolicies("p", rules("2s"));
    expect(await valueOf(policies.access)).toEqual({ "web/front → shop/cart:8080": { "GET /items": "allowed" } });
    await allRegistered();
    expect(named("p-VirtualService-shop-cart").inputs["spec"]).toMatchObject({
      http: [{ match: [{ sourceLabels: { app: "front" }, sourceNamespace: "web" }], timeout: "2s" }, {}],
    });
    expect(named("p-DestinationRule-shop-cart").inputs["spec"]).toMatchObject({
      trafficPolicy: { outlierDetection: { maxEjectionPercent: 50 } },
    });
    expect(() => new MeshPolicies("q", rules("0s"))).toThrow(/policy: timeouts\[0\]\.timeout: "0s" is no duration/);
    const { namespaces, policy } = rules("2s");
    expect(() => new MeshPolicies("r", { namespaces, ...(policy && { policy }), workloads })).toThrow(
      /policy: timeouts\[0\]: Open Service Mesh has no timeout/,
    );
  });

  test("tells sidecars of the namespaces that theirs reaches beyond its peers, and no others", async () => {
    const peers = { team: "a" };
    const reaching = {
      ...args("/items"),
      namespaces: [
        { name: "shop", labels: peers, isolation: { peers, reaches: [{ namespace: "stock", port: 8080 }] } },
        {
          name: "web",
          labels: peers,
          isolation: { peers, reaches: [80, 8080].map((port) => ({ namespace: "far", port })) },
        },
      ],
    };
    new MeshPolicies("p", reaching);
    new MeshPolicies("q", args("/items"));
    await allRegistered();
    const hosts = (name: string) => [named(name).inputs["spec"]].flatMap((spec) => (spec as SidecarSpec).egress);
    expect(hosts("p-Sidecar-shop-default")).toEqual([{ hosts: ["stock/*"] }]);
    expect(hosts("p-Sidecar-web-default")).toEqual([{ hosts: ["shop/*", "far/*"] }]);
    expect(hosts("q-Sidecar-shop-default")).toEqual([{ hosts: ["~/*"] }]);
    expect(hosts("q-Sidecar-web-default")).toEqual([{ hosts: ["shop/*"] }]);
  });

  test("labels namespaces with the revision, closes them, and lets in what the policy says", async () => {
    const policies = new MeshPolicies("p", args("/items/[^/]+"));
    expect(await valueOf(policies.access)).toEqual({
      "web/front → shop/cart:8080": { "GET /items/{*}": "allowed" },
    });
    await allRegistered();
    expect(named("p-shop").inputs["metadata"]).toEqual({
      ...{ name: "shop", labels: { "istio.io/rev": "asm-1-30" }, annotations: {} },
    });
    for (const namespace of ["shop", "web"]) {
      expect(named(`p-AuthorizationPolicy-${namespace}-default-deny`).inputs).toMatchObject({
        ...{ apiVersion: "security.istio.io/v1", spec: {} },
      });
    }
    expect(named("p-AuthorizationPolicy-shop-allow-cart")).toMatchObject({
      type: "kubernetes:security.istio.io/v1:AuthorizationPolicy",
      deletedWith: "p-shop",
      dependsOn: expect.arrayContaining(["p-shop", "p-PeerAuthentication-shop-default"]),
      inputs: {
        spec: {
          selector: { matchLabels: labels },
          rules: [{ from: [{ source: { principals: ["cluster.local/ns/web/sa/front"] } }] }],
        },
      },
    });
    expect(registrations.map(({ type }) => type).join()).not.toMatch(/smi-spec|openservicemesh/);
  });

  test("closes no namespace that is onboarded elsewhere, but lets into it what the policy says", async () => {
    const { namespaces, ...rest } = args("/items");
    const [, web] = namespaces as [{ name: string }, { name: string }];
    const policies = new MeshPolicies("p", { ...rest, namespaces: [web], otherNamespaces: ["shop"] });
    await valueOf(policies.namespaces);
    await allRegistered();
    const inShop = registrations.filter(({ name }) => name.includes("-shop-")).map(({ name }) => name);
    expect(inShop).toEqual(["p-AuthorizationPolicy-shop-allow-cart"]);
  });

  test("leaves a namespace without sidecars without the label", async () => {
    const policies = new MeshPolicies("p", {
      ...{ namespaces: [{ name: "shop", sidecarInjection: false, labels: { team: "a" } }], istio },
    });
    await valueOf(policies.namespaces);
    await allRegistered();
    expect(named("p-shop").inputs["metadata"]).toMatchObject({ labels: { team: "a" }, annotations: {} });
  });

  test("lets the mesh's control plane through the network policy of an isolated namespace", async () => {
    const policies = new MeshPolicies("p", {
      ...{ namespaces: [{ name: "shop", isolation: { peers: { team: "a" } } }], istio },
    });
    await valueOf(policies.namespaces);
    await allRegistered();
    expect(JSON.stringify(named("p-shop-peers").inputs["spec"])).toContain('"aks-istio-system"');
  });

  test("takes objects of Istio besides the policy's, and tells what they let in", async () => {
    const metadata = { name: "reads", namespace: "shop" };
    const rules = [{ to: [{ operation: { ports: ["8080"], paths: ["/open"] } }] }];
    const policies = new MeshPolicies("p", {
      ...args("/items"),
      istioObjects: [{ apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy", metadata, spec: { rules } }],
    });
    const access = await valueOf(policies.access);
    expect(Object.keys(access["web/front → shop/cart:8080"] ?? {})).toEqual(["/open", "GET /items"]);
    await allRegistered();
    expect(named("p-AuthorizationPolicy-shop-reads").inputs["spec"]).toEqual({ rules });
  });

  test("refuses a pattern that Istio cannot say, with the nearest that it can on either side, until somebody chooses", async () => {
    const pattern = args("/a.*b.*c");
    const failed = (): unknown => new MeshPolicies("p", pattern);
    expect(failed).toThrow(
      /shop\/cart: .*istio\.choices\["shop\/cart"\]:\n {4}narrower: .*does not let in.*\n {4}wider: .*also lets in/,
    );
    const policies = new MeshPolicies("q", { ...pattern, istio: { ...istio, choices: { "shop/cart": "wider" } } });
    await valueOf(policies.namespaces);
    await allRegistered();
    expect(named("q-AuthorizationPolicy-shop-allow-cart").inputs["metadata"]).toHaveProperty("annotations");
  });

  test("refuses what is not known before the engine runs: policies select pods by labels", () => {
    const later = pulumi.output("cart");
    const deployments = workloads.deployments.map((one) => ({
      ...one,
      metadata: { ...one.metadata, labels: { a: later } },
    }));
    expect(() => new MeshPolicies("p", { ...args("/items"), workloads: { ...workloads, deployments } })).toThrow(
      /Deployment shop\/cart, .* have parts that are not known/,
    );
  });

  test.each<[string, Partial<MeshPoliciesArgs>, RegExp]>([
    [
      "certificate providers of Open Service Mesh",
      { meshRootCertificates: [good.root] },
      /meshRootCertificates: .*Open Service Mesh/,
    ],
    ["settings of Open Service Mesh", { mesh: {} }, /mesh: .*istio\.settings/],
    [
      "a kind that the add-on blocks",
      istioObject("WorkloadEntry"),
      /istioObjects\[0\]: .*refuses the kind WorkloadEntry/,
    ],
    ["a kind that Istio does not have", istioObject("TrafficTarget"), /"TrafficTarget" is no kind.*VirtualService/],
    ["objects of another mesh", { ...istioObject("Gateway"), istio: undefined }, /istioObjects: the mesh is Open/],
    ["an Istio version", { istio: { revision: "1.30" } }, /istio\.revision: "1\.30".*asm-1-30/],
    ["a tag named as a revision", { istio: { ...istio, revisionTag: "asm-1-29" } }, /istio\.revisionTag: "asm-1-29"/],
    ["a policy for everybody", { policy: { ...shop("/"), mode: "permissive" } }, /policy\.mode: .*Istio/],
    ["open egress of the policy alone", { policy: { ...shop("/"), openEgress: true } }, /istio\.settings\.egress/],
    ["metrics of namespaces", { containerInsightsNamespaces: ["shop"] }, /containerInsightsNamespaces/],
    [
      "the mesh's label",
      { namespaces: [{ name: "shop", labels: { "istio.io/rev": "default" } }] },
      /namespaces\[0\]\.labels: istio\.io\/rev is set by this component/,
    ],
    ["a namespace of the mesh's own", { namespaces: [{ name: "aks-istio-system" }] }, /belongs to the cluster/],
  ])("refuses %s", (_, change, text) => {
    expect(() => new MeshPolicies("p", { ...args("/items"), ...change })).toThrow(text);
  });
});

describe("the bookstore on Istio", () => {
  test("lets bookbuyer buy, bookthief nothing, and holds every guarantee of the stacks", async () => {
    const bookstore = new Application("b", { istio, ...bookstoreArgs({ mesh: "istio" }) });
    const headers = "{client-app: bookbuyer} {user-agent: Go-http-client/*}";
    const sales = (answer: string) => ({
      ...{ [`GET /books-bought ${headers}`]: answer, "GET /buy-a-book/new": answer },
    });
    expect(await valueOf(bookstore.access)).toEqual({
      "bookbuyer/bookbuyer → bookstore/bookstore:14001": sales("bookstore-v1 50 %, bookstore-v2 50 %"),
      "bookbuyer/bookbuyer → bookstore/bookstore-v1:14001": sales("allowed"),
      "bookbuyer/bookbuyer → bookstore/bookstore-v2:14001": sales("allowed"),
      "bookstore/bookstore → bookwarehouse/bookwarehouse:14001": { POST: "allowed" },
      "bookstore/bookstore-v2 → bookwarehouse/bookwarehouse:14001": { POST: "allowed" },
      "bookwarehouse/bookwarehouse → bookwarehouse/mysql:3306": { TCP: "allowed" },
      // A pod of a headless Service that calls itself.
      "bookwarehouse/mysql → bookwarehouse/mysql:3306": { TCP: "allowed" },
    });
    await allRegistered();
    const template = named("b-bookbuyer-bookbuyer", "Deployment").inputs["spec"];
    expect(template).toMatchObject({
      template: { metadata: { annotations: { "aks-mesh/mesh-revision": "asm-1-30" } } },
    });
  });

  test("breaks a guarantee where it must", async () => {
    const open = new Promise<void>((resolve, reject) => {
      try {
        new Application("b", { istio, ...bookstoreArgs({ mesh: "istio", bookthief: "allowed" }) });
        resolve();
      } catch (error) {
        reject(error as Error);
      }
    });
    await expect(open).rejects.toThrow(/bookthief never reaches bookstore/);
  });
});

describe("A/B by header in a policy", () => {
  const ports = [{ port: 80, protocol: "http" }] as const;
  const service = (name: string) => ({ namespace: "shop", serviceAccount: name, ports });
  const policy = (isAlike: boolean) =>
    definePolicy({
      services: {
        front: { namespace: "web", serviceAccount: "front" },
        cart: service("cart"),
        "cart-new": service("cart-new"),
      },
      routes: { cart: { read: { methods: ["GET"], path: "/items" }, pay: { methods: ["POST"], path: "/items" } } },
      access: [
        { from: "front", to: "cart", routes: ["cart/read", "cart/pay"] },
        { from: "front", to: "cart-new", routes: isAlike ? ["cart/read", "cart/pay"] : ["cart/read"] },
      ],
      splits: [
        {
          ...{ root: "cart", backends: { cart: 1, "cart-new": 0 } },
          match: [{ headers: { "x-group": { exact: "beta" } }, to: "cart-new" }],
        },
      ],
    });
  const args = (isAlike: boolean): MeshPoliciesArgs => ({
    ...{ istio, policy: policy(isAlike), namespaces: [{ name: "web" }, { name: "shop" }] },
  });

  test("is deployed where either version may be called alike", async () => {
    const { access } = new MeshPolicies("p", args(true));
    await valueOf(access);
    await allRegistered();
    expect(JSON.stringify(named("p-VirtualService-shop-cart").inputs)).toContain('"x-group":{"exact":"beta"}');
  });

  test("is refused where a request would end otherwise by its header, with one that shows it", () => {
    expect(() => new MeshPolicies("p", args(false))).toThrow(
      /A request that goes to a version by its header would not end as it does by weight:\n- closes: web\/front .*\/items.*x-group: beta/,
    );
  });

  test("is no argument of Open Service Mesh", () => {
    const headerRoutes = [{ namespace: "shop", root: "cart", to: "cart", headers: { "x-group": { exact: "b" } } }];
    expect(() => new MeshPolicies("p", { namespaces: [], headerRoutes })).toThrow(
      /headerRoutes: .* cannot route by a header/,
    );
  });
});
