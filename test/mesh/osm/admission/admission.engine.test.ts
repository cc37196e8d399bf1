import { rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../../../components/open-service-mesh/connect";
import { type ApiAnswer, type ApiRequest, waitForMesh } from "../../../../components/open-service-mesh/wait-for-mesh";
import { osmCustomResourceDefinitions, type OsmObject, osmKinds } from "../../../../mesh/osm/kinds";
import { samples } from "../samples";
import { ensureCertificate } from "../../../../sandbox/arm";
import { type ControlPlane, openControlPlane } from "../../../../sandbox/control-plane";
import { ensureTools } from "../../../../sandbox/tools";
import { admit } from "../../../../mesh/osm/admission";
import { badSettings } from "./bad-settings";
import { goodObjects, spoiled } from "./objects";
import { runDirectory } from "../../../run/leftovers";

/** The judge: a real API server with OSM's CRDs, and OSM's real validating webhook. */
let directory: string;
let controlPlane: ControlPlane | undefined;
let request: ApiRequest;

const namespaces = ["shop", ...new Set(samples.flatMap((sample) => sample.namespaces))];

beforeAll(async () => {
  directory = await runDirectory("admission");
  const tools = await ensureTools(() => undefined);
  const { caFile } = await ensureCertificate(directory);
  controlPlane = await openControlPlane({
    directory: path.join(directory, "cluster"),
    tools,
    oidc: { issuerUrl: "https://localhost:1/", clientId: "none", caFile },
    authorizationWebhookUrl: "https://localhost:1/",
    authorizationWebhookCaFile: caFile,
    serviceCidr: "10.0.0.0/16",
    dnsServiceIP: "10.0.0.10",
  });
  await controlPlane.setNodePools([
    {
      name: "system",
      mode: "System",
      count: 1,
      vmSize: "Standard_D2s_v5",
      zones: [],
      labels: {},
      taints: [],
      maxPods: 30,
      kubernetesVersion: "1.34.4",
      nodeImageVersion: "AKSUbuntu-1",
      osSku: "Ubuntu",
    },
  ]);
  await controlPlane.enableOpenServiceMesh({ crdDelaySeconds: 1 });
  request = (await connect(controlPlane.adminKubeconfig)).request;
});

afterAll(async () => {
  await controlPlane?.destroy();
  await rm(directory, { recursive: true, force: true });
});

/** Asks the API server what it would say to an object. */
function dryRun(kind: keyof typeof osmKinds, namespace: string, object: object): Promise<ApiAnswer> {
  const { apiVersion, plural } = osmKinds[kind];
  return request(
    "POST",
    `/apis/${apiVersion}/namespaces/${namespace}/${plural}?dryRun=All&fieldValidation=Strict`,
    object,
  );
}

/** The message of an answer. */
function messageOf({ body }: ApiAnswer): string {
  return typeof body === "object" && body !== null && "message" in body ? String(body.message) : "";
}

test("the mesh is found ready, and leaves no probe behind", async () => {
  const reports: string[] = [];
  const facts = await waitForMesh({
    request,
    namespace: "kube-system",
    customResourceDefinitions: osmCustomResourceDefinitions,
    timeout: 120_000,
    interval: 500,
    report: (message) => reports.push(message),
  });
  expect(facts.trustDomain).toBe("cluster.local");
  expect(facts.osmVersion).toMatch(/^v?\d+\.\d+\.\d+/);
  await expect
    .poll(async () => (await request("GET", "/api/v1/namespaces/aks-mesh-probe")).status, { timeout: 60_000 })
    .toBe(404);
  for (const name of namespaces) {
    const labels = { "openservicemesh.io/monitored-by": "osm" };
    const answer = await request("POST", "/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels },
    });
    expect(answer.status, messageOf(answer)).toBe(201);
  }
});

describe("what the checks say about who refuses an object is what happens", () => {
  test.each(goodObjects.map((object) => [object.kind, object] as const))("a right %s is taken", async (_, object) => {
    // OSM's own MeshConfig is there already.
    const answer = await dryRun(object.kind, "shop", renamed(object));
    expect(answer.status, messageOf(answer)).toBe(201);
  });

  // What only holds for the whole: another kind or version is another URL, and a namespace is created by the URL too.
  const judged = badSettings.filter(({ set }) => !/^(apiVersion|kind|metadata\.namespace)$/.test(set));
  test.each(
    judged.map((bad) => [`${bad.object.kind} ${bad.set} = ${JSON.stringify(bad.to)}`.slice(0, 90), bad] as const),
  )("%s", async (_, { object, set, to, refusedBy = "nobody" }) => {
    const base = set === "metadata.name" ? object : renamed(object);
    const answer = await dryRun(object.kind, "shop", spoiled(inShop(base), set, to));
    const message = messageOf(answer);
    switch (refusedBy) {
      case "nobody":
        expect(answer.status, message).toBe(201);
        break;
      case "schema":
        expect(answer.status, message).toBeGreaterThanOrEqual(400);
        expect(message).not.toContain("osm-validator");
        break;
      case "webhook":
        expect(message).toContain('admission webhook "osm-validator.k8s.io" denied the request');
    }
  });
});

/** Paths of the properties within a value, those of a list's first item included. */
function pathsWithin(value: unknown, path: string): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const entries = Array.isArray(value) ? Object.entries(value).slice(0, 1) : Object.entries(value);
  return entries.flatMap(([key, child]) => {
    const inner = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    return [...(Array.isArray(value) ? [] : [inner]), ...pathsWithin(child, inner)];
  });
}

test.each(goodObjects.map((object) => [object.kind, object] as const))(
  "nothing in the place of a property of %s is refused by us where it is refused",
  async (_, object) => {
    const compared: [string, boolean, string][] = [];
    for (const place of ["spec", ...pathsWithin("spec" in object ? object.spec : {}, "spec")]) {
      const spoilt = spoiled(renamed(object), place, null);
      const answer = await dryRun(object.kind, "shop", spoilt);
      const refused = admit([spoilt]).findings.some(({ refusedBy }) => refusedBy !== "nobody");
      compared.push([place, refused, answer.status === 201 ? "" : messageOf(answer)]);
    }
    expect(compared.filter(([, refused, message]) => refused !== (message !== ""))).toEqual([]);
  },
);

test.each(samples.map((sample) => [sample.name, sample] as const))("sample %s is taken", async (_, sample) => {
  for (const object of sample.objects) {
    const namespace = sample.namespaces.length === 0 ? "shop" : object.metadata.namespace;
    const answer = await dryRun(object.kind, namespace, sample.namespaces.length === 0 ? renamed(object) : object);
    expect(answer.status, messageOf(answer)).toBe(201);
  }
});

/** The same object in namespace shop: the control plane's own objects are tried there. */
function inShop(object: object): object {
  return spoiled(object, "metadata.namespace", "shop");
}

/** The same object in namespace shop by a name that is not taken. */
function renamed(object: OsmObject): object {
  return spoiled(inShop(object), "metadata.name", `${object.metadata.name}-tried`);
}
