import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Application, type ApplicationArgs } from "../../../components/application";
import { type KubernetesObject } from "../../../mesh/manifests";
import { definePolicy } from "../../../mesh/policy";
import { bookstoreArgs } from "./bookstore-args";
import { recordRegistrations, type Registration, allRegistered, valueOf } from "../registrations";

// A dynamic provider is sent as text, which a test runner's transformed modules are not fit for.
vi.mock("../../../components/objects-in-place", () => ({
  ObjectsInPlace: class extends pulumi.CustomResource {
    constructor(name: string, { resources }: { resources: pulumi.Resource[] }, options?: pulumi.CustomResourceOptions) {
      const urns = pulumi.all(resources.map(({ urn }) => urn));
      super("aks-mesh:test:ObjectsInPlace", name, { urns }, options);
    }
  },
}));

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const named = (name: string, type = ""): Registration =>
  registrations.find((registration) => registration.name === name && registration.type.endsWith(type)) ??
  expect.fail(`no ${type} ${name}`);

describe("an application: the bookstore", () => {
  test("leaves alone how many pods a Deployment has that something else scales, and no other", async () => {
    new Application("scaled", { ...bookstoreArgs(), scaledElsewhere: ["bookstore/bookstore-v1"] });
    await allRegistered();
    const left = registrations.filter(({ ignoreChanges }) => ignoreChanges.includes("spec.replicas"));
    expect(left.map(({ type, name }) => `${type} ${name}`)).toEqual([
      "kubernetes:apps/v1:Deployment scaled-bookstore-bookstore-v1",
    ]);
  });

  test("brings namespaces, policies and workloads, in this order", async () => {
    const bookstore = new Application("b", bookstoreArgs({ canary: { v1: 90, v2: 10 } }));
    expect(await valueOf(bookstore.namespaces)).toEqual(["bookbuyer", "bookthief", "bookstore", "bookwarehouse"]);
    expect(await valueOf(bookstore.addresses)).toMatchObject({
      bookstore: "http://bookstore.bookstore.svc.cluster.local:14001",
      mysql: "tcp://mysql.bookwarehouse.svc.cluster.local:3306",
    });
    expect(await valueOf(bookstore.front)).toBe("http://bookstore.bookstore.svc.cluster.local:14001");
    await allRegistered();
    const counts = new Map<string, number>();
    registrations.forEach(({ type }) => counts.set(type, (counts.get(type) ?? 0) + 1));
    expect(Object.fromEntries(counts)).toMatchObject({
      "kubernetes:core/v1:Namespace": 4,
      "kubernetes:core/v1:ServiceAccount": 6,
      "kubernetes:core/v1:Service": 5,
      "kubernetes:apps/v1:Deployment": 5,
      "kubernetes:apps/v1:StatefulSet": 1,
      "kubernetes:access.smi-spec.io/v1alpha3:TrafficTarget": 4,
      "kubernetes:split.smi-spec.io/v1alpha2:TrafficSplit": 1,
    });
    const bookbuyer = named("b-bookbuyer-bookbuyer", "Deployment");
    expect(bookbuyer.dependsOn).toEqual(
      expect.arrayContaining(["b-policies-TrafficSplit-bookstore-bookstore-split", "b-bookbuyer-bookbuyer"]),
    );
    expect(bookbuyer.deletedWith).toBe("b-policies-bookbuyer");
    expect(named("b-bookwarehouse-bookwarehouse", "Deployment").dependsOn).toContain("b-bookwarehouse-mysql");
    // A Service waits for its pods.
    expect(named("b-bookwarehouse-mysql", "Service").dependsOn).toContain("b-bookwarehouse-mysql");
    expect(named("b-bookstore-bookstore", "Service").dependsOn).toEqual(
      expect.arrayContaining(["b-bookstore-bookstore-v1", "b-bookstore-bookstore-v2"]),
    );
    expect(named("b-bookstore-bookstore-v1", "Service").dependsOn).not.toContain("b-bookstore-bookstore-v2");
    const split = named("b-policies-TrafficSplit-bookstore-bookstore-split");
    expect(split.inputs["spec"]).toMatchObject({ backends: [{ weight: 90 }, { weight: 10 }] });
  });

  test("looks at the end whether every object that it made is there", async () => {
    const labels = { app: "shop" };
    const isolation = { quota: { pods: "5" }, containerDefaults: { requests: { cpu: "1m" } }, peers: labels };
    new Application("b", {
      ...bookstoreArgs(),
      ...{ kubeconfig: "kubeconfig", containerInsights: true, namespaces: { labels, isolation } },
    });
    await allRegistered();
    const look = named("b-objects-in-place");
    const nameAndKind = ({ type, name }: Pick<Registration, "type" | "name">): string =>
      `${type.split(":").at(-1)} ${name}`;
    const objects = registrations.filter(({ type }) => type.startsWith("kubernetes:"));
    expect(new Set(objects.map(({ type }) => type.split(":").at(-1)))).toEqual(
      new Set(
        "Namespace ResourceQuota LimitRange NetworkPolicy ConfigMap HTTPRouteGroup TCPRoute TrafficTarget TrafficSplit ServiceAccount Secret StatefulSet Deployment Service".split(
          " ",
        ),
      ),
    );
    const seen = (look.inputs["urns"] as string[]).map((urn) => {
      const [type = "", name = ""] = urn.split("::").slice(2);
      return nameAndKind({ type, name });
    });
    expect(seen.sort()).toEqual(objects.map(nameAndKind).sort());
    // The last of all, and so the first that a destroy takes out of the state.
    expect([...look.dependsOn].sort()).toEqual(objects.map(({ name }) => name).sort());
  });

  test("tells who may call whom, from its policy and its own workloads", async () => {
    const access = await valueOf(new Application("b", bookstoreArgs({ canary: { v1: 90, v2: 10 } })).access);
    expect(Object.keys(access)).toEqual([
      "bookbuyer/bookbuyer → bookstore/bookstore-v1:14001",
      "bookbuyer/bookbuyer → bookstore/bookstore-v2:14001",
      "bookbuyer/bookbuyer → bookstore/bookstore:14001",
      "bookstore/bookstore → bookwarehouse/bookwarehouse:14001",
      "bookstore/bookstore-v2 → bookwarehouse/bookwarehouse:14001",
      "bookwarehouse/bookwarehouse → bookwarehouse/mysql-0.mysql:3306",
    ]);
    expect(access["bookbuyer/bookbuyer → bookstore/bookstore:14001"]).toEqual({
      "GET .*a-book.*new": "bookstore-v1 90 %, bookstore-v2 10 %",
      "GET /books-bought {user-agent: .*-http-client/*.*, client-app: bookbuyer}":
        "bookstore-v1 90 %, bookstore-v2 10 %",
    });
    expect(access["bookwarehouse/bookwarehouse → bookwarehouse/mysql-0.mysql:3306"]).toEqual({ TCP: "allowed" });
  });

  test("keeps what is guaranteed of it, or is not made", () => {
    expect(() => new Application("b", bookstoreArgs())).not.toThrow();
    expect(() => new Application("b", bookstoreArgs({ bookthief: "allowed" }))).toThrow(
      /Guarantee bookthief never reaches bookstore: .*\n +shown by +bookthief\/bookthief → bookstore\.bookstore\.svc\.cluster\.local:14001 GET /,
    );
  });

  test("is not made in a mesh that would enforce none of its policies", () => {
    expect(() => new Application("b", { ...bookstoreArgs(), mesh: { egress: true } })).not.toThrow();
    expect(() => new Application("b", { ...bookstoreArgs(), guarantees: [], mesh: { permissiveMode: true } })).toThrow(
      "the 4 TrafficTargets enforce nothing",
    );
  });

  test("is known to the analysis as its transforms leave it", () => {
    const nobody = (object: KubernetesObject) =>
      object.kind === "Service"
        ? Object.assign({}, object, { spec: { selector: { app: "nobody" }, ports: [{ port: 14001 }] } })
        : object;
    expect(() => new Application("b", { ...bookstoreArgs(), transform: { object: nobody } })).toThrow("Guarantee ");
  });

  test("keeps the database's password as a secret", async () => {
    await valueOf(new Application("b", bookstoreArgs()).addresses);
    await allRegistered();
    expect(JSON.stringify(named("b-bookwarehouse-mysql", "StatefulSet").inputs)).not.toContain("mypassword");
    expect(pulumi.runtime.isRpcSecret(named("b-bookwarehouse-mysql-password").inputs["stringData"])).toBe(true);
  });

  test("lets each child be changed", async () => {
    const teamed = (object: KubernetesObject) => ({
      ...object,
      metadata: { ...object.metadata, labels: { team: "books" } },
    });
    const transform = {
      object: (object: KubernetesObject) => (object.kind === "StatefulSet" ? teamed(object) : object),
    };
    await valueOf(new Application("b", { ...bookstoreArgs(), transform }).addresses);
    await allRegistered();
    expect(named("b-bookwarehouse-mysql", "StatefulSet").inputs["metadata"]).toMatchObject({
      labels: { team: "books" },
    });
  });

  test("is told apart from a copy of it by the prefix of its namespaces, in every name that has one", async () => {
    new Application("b", { ...bookstoreArgs(), namespaces: { prefix: "pr-7-" } });
    await allRegistered();
    const namespaced = registrations.filter(
      ({ type }) => type.startsWith("kubernetes:") && !type.endsWith(":Namespace"),
    );
    for (const { name, inputs } of namespaced) {
      expect((inputs["metadata"] as KubernetesObject["metadata"]).namespace, name).toMatch(/^pr-7-book/);
    }
    const text = JSON.stringify(registrations.filter(({ type }) => /TrafficTarget|Deployment/.test(type)));
    expect(text).toContain('"name":"BOOKSTORE_NAMESPACE","value":"pr-7-bookstore"');
    expect(text).toContain('"name":"BOOKSTORE_SVC","value":"bookstore"');
    expect(text).not.toMatch(/"namespace":"book/);
  });

  test("has as many pods as may be, and the images that are given", async () => {
    const images = { "docker.io/openservicemesh/bookstore": "shop.example/bookstore:2" };
    new Application("b", {
      ...bookstoreArgs(),
      images,
      mostReplicas: 0,
      guarantees: [],
    });
    await allRegistered();
    expect(named("b-bookstore-bookstore-v2", "Deployment").inputs["spec"]).toMatchObject({
      replicas: 0,
      template: { spec: { containers: [{ image: "shop.example/bookstore:2" }] } },
    });
    expect(named("b-bookwarehouse-mysql", "StatefulSet").inputs["spec"]).toMatchObject({ replicas: 0 });
  });
});

describe("an application of manifests", () => {
  const object = (kind: string, name: string, rest: object = {}, namespace = "shop"): KubernetesObject =>
    Object.assign({ apiVersion: { Deployment: "apps/v1" }[kind] ?? "v1", kind, metadata: { name, namespace } }, rest);
  const pods = {
    selector: { matchLabels: { app: "cart" } },
    template: {
      metadata: { labels: { app: "cart" } },
      spec: {
        serviceAccountName: "cart",
        containers: [
          {
            name: "cart",
            image: "shop.example/cart:1",
            env: [
              { name: "STOCK", value: "http://stock.shop:80/all" },
              { name: "OUTSIDE", value: "https://stock.shop.example.com" },
            ],
          },
        ],
      },
    },
  };
  const service = (name: string, ports: object[]) =>
    object("Service", name, { spec: { selector: { app: name }, ports } });
  const cart: KubernetesObject[] = [
    object("ServiceAccount", "cart"),
    object("Deployment", "cart", { spec: pods }),
    service("cart", [{ port: 80, name: "http" }]),
    service("stock", [{ port: 80, appProtocol: "grpc" }]),
  ];
  const target: KubernetesObject = Object.assign(
    { apiVersion: "access.smi-spec.io/v1alpha3", kind: "TrafficTarget", metadata: { name: "cart", namespace: "shop" } },
    {
      spec: {
        destination: { kind: "ServiceAccount", name: "cart", namespace: "shop" },
        sources: [{ kind: "ServiceAccount", name: "web", namespace: "front" }],
        rules: [{ kind: "TCPRoute", name: "cart" }],
      },
    },
  );
  const route: KubernetesObject = Object.assign(
    { apiVersion: "specs.smi-spec.io/v1alpha4", kind: "TCPRoute", metadata: { name: "cart", namespace: "shop" } },
    { spec: { matches: { ports: [80] } } },
  );

  test("has its policies among them, and its namespaces from them", async () => {
    const marks = { labels: { "openservicemesh.io/monitored-by": "osm", team: "shop" } };
    const namespace: KubernetesObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", ...marks } };
    const application = new Application("a", {
      manifests: [namespace, ...cart, route, target],
      namespaces: { prefix: "pr-1-" },
      front: "shop/cart",
      otherNamespaces: ["front"],
    });
    expect(await valueOf(application.front)).toBe("http://cart.pr-1-shop.svc.cluster.local:80");
    expect(await valueOf(application.addresses)).toMatchObject({
      stock: "grpc://stock.pr-1-shop.svc.cluster.local:80",
    });
    await allRegistered();
    expect(named("a-policies-pr-1-shop").inputs["metadata"]).toMatchObject({ labels: { team: "shop" } });
    const made = named("a-policies-TrafficTarget-pr-1-shop-cart").inputs["spec"];
    // A namespace that is not the application's keeps its name.
    expect(made).toMatchObject({ destination: { namespace: "pr-1-shop" }, sources: [{ namespace: "front" }] });
    expect(named("a-shop-cart", "Deployment").inputs["spec"]).toMatchObject({
      template: {
        spec: {
          containers: [
            { env: [{ value: "http://stock.pr-1-shop:80/all" }, { value: "https://stock.shop.example.com" }] },
          ],
        },
      },
    });
  });

  test.each<[string, ApplicationArgs, RegExp]>([
    [
      "a policy of a mesh that it does not run in",
      {
        manifests: [
          ...cart,
          {
            apiVersion: "security.istio.io/v1",
            kind: "AuthorizationPolicy",
            metadata: { name: "a", namespace: "shop" },
          },
        ],
      },
      /AuthorizationPolicy shop\/a: it is of Istio.*set the mesh to istio/,
    ],
    [
      "the same object twice",
      { manifests: [...cart, ...cart.slice(0, 1)] },
      /ServiceAccount shop\/cart: it is there twice/,
    ],
    [
      "an image that nothing runs",
      { manifests: cart, images: { "shop.example/card": "a/b:1" } },
      /no container runs an image of shop\.example\/card; there are shop\.example\/cart/,
    ],
    [
      "a front that is misspelt",
      { manifests: cart, front: "shop/card" },
      /no Service shop\/card with a port; did you mean cart/,
    ],
    ["a front in another namespace", { manifests: cart, front: "stores/cart" }, /no Service stores\/cart with a port/],
    [
      "a namespace that there is not",
      { manifests: [object("ConfigMap", "c", { data: { a: "${namespace:shp}" } }), ...cart] },
      /\$\{namespace:shp\}: the application has no such namespace; did you mean shop/,
    ],
    [
      "a wait for nothing",
      {
        manifests: [
          object("Deployment", "d", {
            spec: pods,
            metadata: {
              name: "d",
              namespace: "shop",
              annotations: { "config.kubernetes.io/depends-on": "apps/namespaces/shop/StatefulSet/db" },
            },
          }),
        ],
      },
      /Deployment shop\/d: its annotation .* names apps\/namespaces\/shop\/StatefulSet\/db, which/,
    ],
    [
      "the mesh's own settings",
      {
        manifests: [
          {
            apiVersion: "config.openservicemesh.io/v1alpha2",
            kind: "MeshConfig",
            metadata: { name: "m", namespace: "kube-system" },
          },
        ],
      },
      /MeshConfig kube-system\/m: the mesh's own settings/,
    ],
    ["a digest that is none", { images: { a: "b" } }, /images\["a"\]: "b" has no tag or digest/],
    ["half a pod", { mostReplicas: 0.5 }, /mostReplicas: 0.5/],
  ])("refuses %s", (_, args, message) => {
    expect(() => new Application("a", args)).toThrow(message);
  });

  test("says which objects wait for each other", () => {
    const after = (kind: string, name: string) => ({
      "config.kubernetes.io/depends-on": `/namespaces/shop/${kind}/${name}`,
    });
    const circle = [
      object("Deployment", "cart", {
        spec: pods,
        metadata: { name: "cart", namespace: "shop", annotations: after("Service", "cart") },
      }),
      service("cart", [{ port: 80 }]),
    ];
    expect(() => new Application("a", { manifests: circle })).toThrow(
      /wait for each other: Deployment shop\/cart → Service shop\/cart → Deployment shop\/cart/,
    );
  });

  test("is checked name by name where it is typed", () => {
    const services = {
      cart: { namespace: "shop", serviceAccount: "cart", ports: [{ port: 80, protocol: "http" }] },
    } as const;
    // @ts-expect-error nobody is called card
    expect(() => definePolicy({ services, access: [{ from: "card", to: "cart", tcp: [80] }] })).not.toThrow();
  });
});
