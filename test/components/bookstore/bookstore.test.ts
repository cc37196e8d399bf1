import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Bookstore, type BookstoreArgs } from "../../../components/bookstore";
import { assertBookstoreArgs } from "../../../components/bookstore/validate";
import { database, deployments, sampleServices, serviceArgs } from "../../../components/bookstore/workloads";
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

/** Containers and pod settings of all workloads. */
function podSpecs(args: BookstoreArgs = {}) {
  return Promise.all(
    [...deployments(args).map((deployment) => deployment.args), database(args)].map((workload) =>
      valueOf(pulumi.output(workload)),
    ),
  );
}

describe("Bookstore", () => {
  test("brings namespaces, policies and workloads, in this order", async () => {
    const bookstore = new Bookstore("b", { canary: { v1: 90, v2: 10 } });
    expect(await valueOf(bookstore.namespaces)).toEqual(["bookbuyer", "bookthief", "bookstore", "bookwarehouse"]);
    expect(await valueOf(bookstore.addresses)).toMatchObject({
      bookstore: "bookstore.bookstore.svc.cluster.local:14001",
      mysql: "mysql.bookwarehouse.svc.cluster.local:3306",
    });
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
    const bookbuyer = named("b-bookbuyer");
    expect(bookbuyer.type).toBe("kubernetes:apps/v1:Deployment");
    expect(bookbuyer.dependsOn).toEqual(
      expect.arrayContaining(["b-policies-TrafficSplit-bookstore-bookstore-split", "b-bookbuyer-bookbuyer"]),
    );
    expect(bookbuyer.deletedWith).toBe("b-policies-bookbuyer");
    expect(named("b-bookwarehouse", "Deployment").dependsOn).toContain("b-mysql");
    // A Service waits for its pods.
    expect(named("b-mysql", "Service").dependsOn).toContain("b-mysql");
    expect(named("b-bookstore", "Service").dependsOn).toEqual(
      expect.arrayContaining(["b-bookstore-v1", "b-bookstore-v2"]),
    );
    expect(named("b-bookstore-v1", "Service").dependsOn).not.toContain("b-bookstore-v2");
    const split = named("b-policies-TrafficSplit-bookstore-bookstore-split");
    expect(split.inputs["spec"]).toMatchObject({ backends: [{ weight: 90 }, { weight: 10 }] });
  });

  test("looks at the end whether every object that it made is there", async () => {
    const labels = { app: "shop" };
    const isolation = { quota: { pods: "5" }, containerDefaults: { requests: { cpu: "1m" } }, peers: labels };
    new Bookstore("b", { kubeconfig: "kubeconfig", containerInsights: true, namespaces: { labels, isolation } });
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
    const access = await valueOf(new Bookstore("b", { canary: { v1: 90, v2: 10 } }).access);
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
    const guarantees: BookstoreArgs["guarantees"] = [
      { name: "no theft", kind: "never", from: "bookthief", to: "bookstore" },
    ];
    expect(() => new Bookstore("b", { guarantees })).not.toThrow();
    expect(() => new Bookstore("b", { guarantees, bookthief: "allowed" })).toThrow(
      /Guarantee no theft: .*\n +shown by +bookthief\/bookthief → bookstore\.bookstore\.svc\.cluster\.local:14001 GET /,
    );
    // @ts-expect-error nobody is called bookthive
    const misspelt: NonNullable<BookstoreArgs["guarantees"]>[number]["from"] = "bookthive";
    expect(misspelt).toBe("bookthive");
  });

  test("is not made in a mesh that would enforce none of its policies", () => {
    expect(() => new Bookstore("b", { mesh: { egress: true } })).not.toThrow();
    expect(() => new Bookstore("b", { mesh: { permissiveMode: true } })).toThrow(
      "the 4 TrafficTargets enforce nothing",
    );
  });

  test("is known to the analysis as its transforms leave it", () => {
    const guarantees: BookstoreArgs["guarantees"] = [
      {
        name: "sales",
        kind: "always",
        from: "bookbuyer",
        to: "bookstore-v2",
        requests: { path: "/buy-a-book/new", methods: ["GET"] },
      },
    ];
    const nobody = (args: object) => ({ ...args, spec: { selector: { app: "nobody" }, ports: [{ port: 14001 }] } });
    expect(() => new Bookstore("b", { guarantees })).not.toThrow();
    expect(() => new Bookstore("b", { guarantees, transform: { service: nobody } })).toThrow("Guarantee sales");
  });

  test("keeps the database's password as a secret", async () => {
    await valueOf(new Bookstore("b").addresses);
    await allRegistered();
    expect(JSON.stringify(named("b-mysql", "StatefulSet").inputs)).not.toContain("mypassword");
    expect(pulumi.runtime.isRpcSecret(named("b-mysql-password").inputs["stringData"])).toBe(true);
  });

  test("lets each child be changed", async () => {
    const metadata = { name: "mysql", namespace: "bookwarehouse", labels: { app: "mysql", team: "books" } };
    await valueOf(new Bookstore("b", { transform: { statefulSet: { metadata } } }).addresses);
    await allRegistered();
    expect(named("b-mysql", "StatefulSet").inputs["metadata"]).toEqual(metadata);
  });
});

describe("workloads", () => {
  test("bear limits, and nothing but their own user's rights, never the sidecar's", async () => {
    for (const { spec } of await podSpecs()) {
      const pod = spec?.template.spec;
      for (const container of pod?.containers ?? []) {
        expect(container.resources?.requests).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
        expect(container.resources?.limits).toMatchObject({ memory: expect.any(String) });
        expect(container.securityContext).toMatchObject({
          runAsNonRoot: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
          readOnlyRootFilesystem: true,
        });
        expect(container.securityContext?.runAsUser).toBeGreaterThan(0);
        expect(container.securityContext?.runAsUser).not.toBe(1500);
        expect(container.image).toMatch(/:[\w.]+$/);
        expect(container.readinessProbe).toBeDefined();
      }
      // OSM's init container runs as root, so the pod itself must not forbid that.
      expect(pod?.securityContext?.runAsNonRoot).toBeUndefined();
      expect(pod?.hostNetwork).toBeUndefined();
    }
  });

  test("the root Service selects the pods of both versions, the others one each", async () => {
    const pods = deployments({}).filter(({ namespace }) => namespace === "bookstore");
    const selected = async (service: string) => {
      const sample = sampleServices.find(({ name }) => name === service) ?? expect.fail(`no Service ${service}`);
      const { spec } = await valueOf(pulumi.output(serviceArgs({}, sample)));
      return pods.filter(({ name }) => {
        const labels: Record<string, string> = { app: "bookstore", version: name === "bookstore-v1" ? "v1" : "v2" };
        return Object.entries(spec?.selector ?? {}).every(([key, value]) => labels[key] === value);
      }).length;
    };
    expect(await Promise.all(["bookstore", "bookstore-v1", "bookstore-v2"].map(selected))).toEqual([2, 1, 1]);
  });

  test("a Service's port has another name where it has another number, as previews need it", async () => {
    const namesOf = async (sample: (typeof sampleServices)[number]) =>
      (await valueOf(pulumi.output(serviceArgs({}, sample)))).spec?.ports?.map(({ name }) => name);
    for (const sample of sampleServices) {
      expect(await namesOf(sample)).toEqual([`${sample.appProtocol}-${sample.port}`]);
      expect(await namesOf({ ...sample, port: 8080 })).toEqual([`${sample.appProtocol}-8080`]);
    }
  });

  test("take their images, replicas and resources from the arguments", async () => {
    const digest = `sha256:${"ab".repeat(32)}`;
    const args: BookstoreArgs = {
      images: { repository: "shop.azurecr.io/osm", tag: "v9", digests: { bookbuyer: digest }, mysql: "mysql:8.4" },
      replicas: 3,
      resources: { bookbuyer: { cpuRequest: "1", cpuLimit: "2", memoryLimit: "1Gi" } },
      storage: { size: "1Gi", storageClass: "managed-csi" },
    };
    const [bookbuyer, bookthief] = await podSpecs(args);
    const mysql = await valueOf(pulumi.output(database(args)));
    expect(bookbuyer?.spec?.replicas).toBe(3);
    expect(bookbuyer?.spec?.template.spec?.containers[0]).toMatchObject({
      image: `shop.azurecr.io/osm/bookbuyer:v9@${digest}`,
      resources: { requests: { cpu: "1", memory: "32Mi" }, limits: { cpu: "2", memory: "1Gi" } },
    });
    expect(bookthief?.spec?.template.spec?.containers[0]?.image).toBe("shop.azurecr.io/osm/bookthief:v9");
    expect(mysql.spec?.volumeClaimTemplates).toMatchObject([
      {
        metadata: { name: "data" },
        spec: { storageClassName: "managed-csi", resources: { requests: { storage: "1Gi" } } },
      },
    ]);
  });
});

describe("bad settings", () => {
  test.each<[BookstoreArgs, string]>([
    [{ canary: { v1: -1, v2: 1 } }, "canary.v1: -1 is no weight; write an integer of 0 or more"],
    [{ canary: { v1: 0, v2: 0 } }, "canary: both weights are 0"],
    [{ bookthief: "sometimes" }, 'bookthief: "sometimes"'],
    [{ replicas: 1.5 }, "replicas: 1.5"],
    [{ replicas: -1 }, "replicas: -1"],
    [{ images: { tag: "v1.2.4@sha256:00" } }, "images.tag"],
    [{ images: { repository: "docker.io/openservicemesh/" } }, "images.repository"],
    [{ images: { digests: { bookbuyer: "sha256:abc" } } }, "images.digests.bookbuyer"],
    [
      { images: { digests: { bookworm: `sha256:${"0".repeat(64)}` } } },
      "images.digests.bookworm: there is no such program",
    ],
    [{ images: { mysql: "mysql" } }, "images.mysql"],
    [{ resources: { bookworm: {} } }, "resources.bookworm: there is no such program; write one of bookbuyer"],
    [{ resources: { mysql: { memoryLimit: "lots" } } }, 'resources.mysql.memoryLimit: "lots" is no quantity'],
    [{ storage: { size: "one" } }, 'storage.size: "one"'],
  ])("%j", (args, message) => {
    expect(() => assertBookstoreArgs(args)).toThrow(message);
  });
});
