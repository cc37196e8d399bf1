import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Application, type ApplicationArgs } from "../../../components/application";
import { proveBack } from "../../../mesh/convert";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject, parseManifests } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { definePolicy } from "../../../mesh/policy";
import { allRegistered, recordRegistrations, type Registration, valueOf } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const istio = { revision: "asm-1-30" };

const workload = (name: string, account: string, port: number, extra = "") => `
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ name: main, port: ${port}, appProtocol: ${port === 5432 ? "tcp" : "http"} }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name}, of: ${name.replace(/-v.$/, "")} }${extra} }
    spec: { serviceAccountName: ${account}, containers: [{ name: a, image: "shop.example/a:1" }] }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${account} }
`;
const target = (name: string, to: string, from: string, rules: string) => `
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${name} }
spec:
  destination: { kind: ServiceAccount, name: ${to}, namespace: shop }
  sources: [{ kind: ServiceAccount, name: ${from}, namespace: shop }]
  rules: [${rules}]
`;
const routes = (path: string) => `
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: cart }
spec: { matches: [{ name: read, methods: [GET], pathRegex: "${path}" }] }
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: database }
spec: { matches: { ports: [5432] } }
`;
const split = `
---
apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit
metadata: { name: cart }
spec: { service: cart, backends: [{ service: cart-v1, weight: 90 }, { service: cart-v2, weight: 10 }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart }
spec: { selector: { of: cart }, ports: [{ name: main, port: 80, appProtocol: http }] }
`;
const reads = "{ kind: HTTPRouteGroup, name: cart, matches: [read] }";
const databaseOfCart = target("database", "database", "cart-v1", "{ kind: TCPRoute, name: database }");

/** A shop with policies in the terms of SMI, and no other. */
const shop = (path = "/items/.*") =>
  workload("web", "web", 80) +
  workload("cart-v1", "cart-v1", 80) +
  workload("cart-v2", "cart-v2", 80) +
  workload("database", "database", 5432) +
  routes(path) +
  target("cart-v1", "cart-v1", "web", reads) +
  target("cart-v2", "cart-v2", "web", reads) +
  databaseOfCart +
  split;

function manifestsOf(text: string): readonly KubernetesObject[] {
  const { objects, problems } = parseManifests([{ name: "shop.yaml", text }], { namespace: "shop" });
  expect(problems).toEqual([]);
  return objects;
}

/** The objects that an application brings, and who may call whom. */
async function deployed(args: ApplicationArgs) {
  registrations.length = 0;
  const application = new Application("a", args);
  const access = await valueOf(application.access);
  await allRegistered();
  const objects = registrations
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => inputs as unknown as KubernetesObject);
  return { access, objects };
}

const mentions = (objects: readonly KubernetesObject[], word: RegExp) =>
  objects.filter(({ apiVersion }) => word.test(apiVersion)).map(({ kind }) => kind);

describe("an application whose policies are SMI's", () => {
  test("lets the same pass on Open Service Mesh and on Istio", async () => {
    const manifests = manifestsOf(shop());
    const osm = await deployed({ manifests });
    const onIstio = await deployed({ manifests, istio });
    expect(osm.access).toMatchObject({
      "shop/web → shop/cart:80": { "GET /items/.*": "cart-v1 90 %, cart-v2 10 %" },
      "shop/cart-v1 → shop/database:5432": { TCP: "allowed" },
    });
    expect(onIstio.access).toMatchObject({
      "shop/web → shop/cart:80": { "GET /items/*": "cart-v1 90 %, cart-v2 10 %" },
      "shop/cart-v1 → shop/database:5432": { TCP: "allowed" },
    });
    expect(Object.keys(onIstio.access)).toEqual(Object.keys(osm.access));
    expect(mentions(osm.objects, /smi-spec/)).toHaveLength(6);
    expect(mentions(onIstio.objects, /smi-spec|openservicemesh/)).toEqual([]);
    expect(mentions(onIstio.objects, /istio\.io/)).toEqual(
      expect.arrayContaining(["AuthorizationPolicy", "VirtualService"]),
    );

    const [before, after] = [osmMesh({ objects: osm.objects }), istioMesh({ objects: onIstio.objects })];
    expect(proveBack(before, after, new Set()).changes).toEqual([]);
    const wider = (await deployed({ manifests: manifestsOf(shop("/i.*")), istio })).objects;
    expect(proveBack(before, istioMesh({ objects: wider }), new Set()).changes).not.toEqual([]);
  });

  test("takes SMI's policies and one of definePolicy together, under the names of a preview", async () => {
    const policy = definePolicy({
      services: {
        admin: { namespace: "shop", serviceAccount: "admin" },
        database: { namespace: "shop", serviceAccount: "database", ports: [{ port: 5432, protocol: "tcp" }] },
      },
      access: [{ from: "admin", to: "database", tcp: [5432] }],
    });
    const manifests = manifestsOf(shop() + workload("admin", "admin", 80));
    const namespaces = { prefix: "pr-1-" };
    expect(Object.keys((await deployed({ manifests, policy, istio, namespaces })).access)).toEqual(
      expect.arrayContaining([
        "pr-1-shop/admin → pr-1-shop/database:5432",
        "pr-1-shop/cart-v1 → pr-1-shop/database:5432",
      ]),
    );
  });

  test("has pods with and without a sidecar as Open Service Mesh's annotation says", async () => {
    const marked = (name: string, word: string) =>
      workload(name, name, 80, `, annotations: { openservicemesh.io/sidecar-injection: "${word}" }`);
    const job = `
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec: { jobTemplate: { spec: { template: { metadata: { annotations: { openservicemesh.io/sidecar-injection: no } }, spec: {} } } } }
---
apiVersion: v1
kind: Pod
metadata: { name: once, labels: { app: once }, annotations: { openservicemesh.io/sidecar-injection: disabled } }
spec: {}
`.replace("sidecar-injection: no ", 'sidecar-injection: "no" ');
    const manifests = manifestsOf(shop() + marked("till", "Enabled") + job);
    const { objects } = await deployed({ manifests, istio });
    const named = (name: string, kind: string) =>
      objects.find((object) => object.kind === kind && object.metadata.name === name);
    const inject = "sidecar.istio.io/inject";
    expect(named("till", "Deployment")).toMatchObject({
      spec: {
        template: { metadata: { labels: { app: "till", of: "till", [inject]: "true", "istio.io/rev": "asm-1-30" } } },
      },
    });
    expect(named("nightly", "CronJob")).toMatchObject({
      spec: { jobTemplate: { spec: { template: { metadata: { labels: { [inject]: "false" } } } } } },
    });
    expect(named("once", "Pod")).toMatchObject({ metadata: { labels: { app: "once", [inject]: "false" } } });
    expect(JSON.stringify((await deployed({ manifests })).objects)).not.toContain(inject);
  });

  const gateway = `
---
apiVersion: policy.openservicemesh.io/v1alpha1
kind: IngressBackend
metadata: { name: web }
spec:
  backends: [{ name: web, port: { number: 80, protocol: http } }]
  sources: [{ kind: Service, name: nginx, namespace: ingress }]
`;
  test.each<[string, string, ApplicationArgs, RegExp]>([
    ["a way in from outside", shop() + gateway, {}, /- IngressBackend shop\/web: .*write a Gateway/],
    [
      "a pattern that Istio does not have",
      shop("/items/[0-9]+"),
      {},
      /- shop\/cart-v1: Istio has no patterns.*istio\.choices\["shop\/cart-v1"\]/,
    ],
    [
      "what Open Service Mesh itself would refuse",
      shop() + target("broken", "web", "cart-v1", "{ kind: TCPRoute, name: none }"),
      {},
      /cannot be converted.*\n- TrafficTarget shop\/broken: spec\.rules\[0\]\.name: there is no TCPRoute none/,
    ],
    [
      "an object of its own that is converted, too",
      shop() +
        `---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: allow-database }\nspec: {}\n`,
      {},
      /AuthorizationPolicy shop\/allow-database is what the policies are converted to, too; give yours another name/,
    ],
    [
      "pods that Istio alone gives no sidecar, found by the proof",
      shop() + workload("bare", "bare", 80).replace("of: bare", 'of: bare, sidecar.istio.io/inject: "false"'),
      {},
      /On Istio the policies would not be equal for every request.*\n- opens: outside:192\.0\.2\.1 → bare\.shop/,
    ],
    [
      "a Service that leads around sidecars",
      shop() + workload("bare", "bare", 80, ', annotations: { openservicemesh.io/sidecar-injection: "disabled" }'),
      {},
      /- .*bare.*: it has no sidecar/,
    ],
  ])("is refused on Istio with what it cannot say: %s", (_, text, args, message) => {
    expect(() => new Application("a", { manifests: manifestsOf(text), istio, ...args })).toThrow(message);
  });

  test("is refused on Istio where a guarantee of its manifests does not hold there", async () => {
    const guarantee = (kind: string) => `
---
apiVersion: aks-mesh/v1alpha1
kind: Guarantee
metadata: { name: about-the-database }
spec: { ${kind}: { from: [shop/cart-v1], to: shop/database } }
`;
    const failed = async () => deployed({ manifests: manifestsOf(shop() + guarantee("never")), istio });
    await expect(failed).rejects.toThrow(/about-the-database/);
    await expect(deployed({ manifests: manifestsOf(shop() + guarantee("always")), istio })).resolves.toBeDefined();
  });
});
