import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKubernetesProvider } from "../../../../sandbox/providers/kubernetes/provider";
import {
  ResourceInitializationError,
  Secret,
  unknown,
  type CallContext,
  type PropertyMap,
  type ResourceProvider,
} from "../../../../sandbox/providers/protocol";
import { kubeconfigFor, startFakeApiServer, status, type FakeApiServer } from "./fake-api-server";

let server: FakeApiServer;
let provider: ResourceProvider;
let messages: string[];

const quick = { total: 2_000, firstPause: 5, longestPause: 20 };

function context(signal: AbortSignal = new AbortController().signal): CallContext {
  const note = (message: string): void => void messages.push(message);
  return { signal, log: { debug: note, info: note, warning: note, error: note, status: note } };
}

function identity(type: string, name = "thing") {
  return { urn: `urn:pulumi:dev::test::${type}::${name}`, type, name };
}

async function configured(inputs: PropertyMap): Promise<ResourceProvider> {
  const made = createKubernetesProvider({}, quick);
  await made.configure({ inputs }, context());
  return made;
}

function check(type: string, newInputs: PropertyMap, oldInputs: PropertyMap = {}, on: ResourceProvider = provider) {
  return on.check({ ...identity(type), newInputs, oldInputs, randomSeed: new Uint8Array([1]) }, context());
}

function create(type: string, inputs: PropertyMap, preview = false, timeoutSeconds = 60) {
  return provider.create({ ...identity(type), inputs, preview, timeoutSeconds }, context());
}

function changed(type: string, id: string, oldInputs: PropertyMap, oldOutputs: PropertyMap, newInputs: PropertyMap) {
  return { ...identity(type), id, oldInputs, oldOutputs, newInputs, ignoreChanges: [] };
}

const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";

function configMap(data: PropertyMap, metadata: PropertyMap = {}): PropertyMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "shop", ...metadata }, data };
}
const configMapPath = "/api/v1/namespaces/shop/configmaps/x";

function deployment(spec: PropertyMap): PropertyMap {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "shop" }, spec };
}

/** Who owns fields of a stored object: manager and operation. */
function managersOf(path: string): string[] {
  const { managedFields } = server.objects.get(path)?.["metadata"] as { managedFields: Record<string, string>[] };
  return managedFields.map(({ manager, operation }) => `${manager} ${operation}`);
}

/** Changes the data of the ConfigMap as `kubectl edit` does. */
function kubectlSets(data: Record<string, string>): void {
  const live = server.objects.get(configMapPath);
  const fieldsV1 = { "f:data": Object.fromEntries(Object.keys(data).map((key) => [`f:${key}`, {}])) };
  const managedFields = [{ manager: "kubectl-edit", operation: "Update", fieldsV1 }];
  const metadata = { ...(live?.["metadata"] as object), managedFields };
  server.objects.set(configMapPath, { ...live, metadata, data });
}

beforeEach(async () => {
  messages = [];
  server = await startFakeApiServer();
  provider = await configured({ kubeconfig: new Secret(server.kubeconfig), enableConfigMapMutable: "true" });
});
afterEach(() => server.close());

describe("check", () => {
  it("names an object after the resource, marks it, keeps the name, and fills in the namespace", async () => {
    const first = await check(CONFIG_MAP, { apiVersion: "v1", kind: "ConfigMap", data: {} });
    expect(first.inputs["metadata"]).toEqual({
      name: expect.stringMatching(/^thing-[0-9a-f]{8}$/),
      namespace: "default",
      annotations: { "pulumi.com/autonamed": "true" },
    });
    const second = await check(CONFIG_MAP, { apiVersion: "v1", kind: "ConfigMap" }, first.inputs);
    expect(second.inputs["metadata"]).toEqual(first.inputs["metadata"]);
  });

  it("gives cluster-scoped kinds no namespace", async () => {
    const { inputs } = await check("kubernetes:core/v1:Namespace", { metadata: { name: "shop" } });
    expect(inputs).toEqual({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  });

  it.each([
    ["kubernetes:core/v1:PodList", {}, "lists cannot be created"],
    [
      "kubernetes:helm.sh/v3:Release",
      {},
      "helm.v3.Release is not supported by the sandbox's kubernetes provider: render",
    ],
    ["kubernetes:core/v1:NamespacePatch", { kind: "Namespace" }, "must name the object"],
    [CONFIG_MAP, { metadata: { generateName: "x-" } }, "not possible with server-side apply"],
  ])("refuses %s %j", async (type, inputs, reason) => {
    const { failures } = await check(type, inputs);
    expect(failures?.map((failure) => failure.reason).join()).toContain(reason);
  });

  it.each(["Upper", "a_b", ""])("leaves it to the API server to refuse the name %j", async (name) => {
    const { failures } = await check(CONFIG_MAP, { metadata: { name, namespace: "No_Namespace" } });
    expect(failures).toEqual([]);
  });

  it("keeps inputs as the server will give them back", async () => {
    const secret = { metadata: { name: "s" }, stringData: new Secret({ password: "plain" }) };
    const { inputs } = await check("kubernetes:core/v1:Secret", secret);
    expect(inputs).not.toHaveProperty("stringData");
    expect(inputs["data"]).toEqual(new Secret({ password: Buffer.from("plain").toString("base64") }));
    const limits = { resources: { limits: { cpu: "0.1" } } };
    const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c", ...limits, imagee: "x" }] } };
    const checked = await check("kubernetes:core/v1:Pod", pod);
    expect(checked.inputs["spec"]).toEqual({
      containers: [{ name: "c", resources: { limits: { cpu: "100m" } } }],
    });
  });

  it("warns of an apiVersion that the server no longer has", async () => {
    await check("kubernetes:policy/v1beta1:PodDisruptionBudget", { metadata: { name: "x" } });
    expect(messages.join()).toContain(
      'apiVersion "policy/v1beta1/PodDisruptionBudget" was removed in Kubernetes 1.25; use "policy/v1/PodDisruptionBudget"',
    );
  });

  it("keeps unknowns, and marks a Secret's data", async () => {
    const { inputs } = await check("kubernetes:core/v1:Secret", {
      metadata: { name: unknown },
      stringData: { password: "plain" },
    });
    expect(inputs["metadata"]).toEqual({ name: unknown, namespace: "default" });
    expect(inputs["stringData"]).toBeInstanceOf(Secret);
  });

  it("works without a cluster while the kubeconfig is unknown", async () => {
    const early = await configured({ kubeconfig: unknown });
    const { inputs, failures } = await check(CONFIG_MAP, configMap({ a: "1" }), {}, early);
    expect(failures).toEqual([]);
    const request = { ...identity(CONFIG_MAP), inputs, preview: true };
    await expect(early.create(request, context())).resolves.toEqual({ id: "", outputs: inputs });
    await expect(early.create({ ...request, preview: false }, context())).rejects.toThrow("kubeconfig is not known");
  });
});

describe("create", () => {
  it("posts under the manager that all resources share, and keeps a manager of its own for updates", async () => {
    const { id, outputs } = await create(CONFIG_MAP, configMap({ a: "1" }));
    expect(id).toBe("shop/x");
    expect(server.requests).toContain("POST /api/v1/namespaces/shop/configmaps");
    expect(managersOf(configMapPath)).toEqual(["pulumi-kubernetes Update"]);
    expect(outputs["__fieldManager"]).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
    expect(outputs["metadata"]).toMatchObject({ uid: expect.stringMatching(/^uid-/) });
    const again = await create(CONFIG_MAP, configMap({ a: "1" }, { name: "y" }));
    expect(again.outputs["__fieldManager"]).not.toBe(outputs["__fieldManager"]);
  });

  it("refuses an object that exists, its own too, in a run and not in a preview", async () => {
    await create(CONFIG_MAP, configMap({ a: "1" }));
    await expect(create(CONFIG_MAP, configMap({ a: "2" }))).rejects.toThrow(
      /^resource "urn:[^"]+" was not successfully created by the Kubernetes API server: configmaps "x" already exists[^]*import[^]*ConfigMapPatch/,
    );
    expect(server.objects.get(configMapPath)?.["data"]).toEqual({ a: "1" });
    await expect(create(CONFIG_MAP, configMap({ a: "2" }), true)).resolves.toMatchObject({ id: "" });
  });

  it.each([
    ["the variable", {}, { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true" }],
    ["the setting", { upsertExistingObjects: "true" }, {}],
  ])("takes up an object that exists when told by %s", async (_, settings, environment) => {
    await create(CONFIG_MAP, configMap({ a: "1" }));
    const upserting = createKubernetesProvider(environment, quick);
    await upserting.configure({ inputs: { kubeconfig: server.kubeconfig, ...settings } }, context());
    const request = { ...identity(CONFIG_MAP), inputs: configMap({ b: "2" }), preview: false };
    const { outputs } = await upserting.create(request, context());
    expect(server.objects.get(configMapPath)?.["data"]).toEqual({ a: "1", b: "2" });
    expect(managersOf(configMapPath)).toContain(`${String(outputs["__fieldManager"])} Apply`);
  });

  it("posts once: an answer that was lost is no reason to create a second time", async () => {
    server.script.push({ match: "POST", answer: "reset" });
    await expect(create(CONFIG_MAP, configMap({ a: "1" }))).rejects.toThrow("cannot be reached");
    expect(server.requests.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  });

  it("previews by a dry run: refusals appear, nothing is stored, and what is decided later is unknown", async () => {
    const { outputs } = await create(CONFIG_MAP, configMap({ a: "1" }), true);
    expect(outputs["metadata"]).toMatchObject({ uid: unknown, resourceVersion: unknown });
    expect(server.objects.size).toBe(0);
    server.script.push({
      match: "POST",
      answer: status(400, "BadRequest", 'admission webhook "osm-validator.k8s.io" denied the request: wrong namespace'),
    });
    await expect(create(CONFIG_MAP, configMap({ a: "1" }), true)).rejects.toThrow(
      "osm-validator.k8s.io: wrong namespace",
    );
    server.script.push({ match: "POST", answer: status(403, "Forbidden", 'user "reader" cannot create configmaps') });
    await expect(create(CONFIG_MAP, configMap({ a: "1" }), true)).resolves.toMatchObject({ id: "" });
  });

  it("previews an object whose namespace does not exist yet", async () => {
    server.script.push({
      match: "POST",
      answer: status(404, "NotFound", 'namespaces "shop" not found', { kind: "namespaces", name: "shop" }),
    });
    const inputs = configMap({ a: "1" });
    await expect(create(CONFIG_MAP, inputs, true)).resolves.toEqual({ id: "", outputs: inputs });
  });

  it("names the field of a refusal", async () => {
    server.script.push({
      match: "POST",
      answer: status(422, "Invalid", 'ConfigMap "x" is invalid', {
        causes: [{ reason: "FieldValueInvalid", field: "data[a]", message: "must be short" }],
      }),
    });
    await expect(create(CONFIG_MAP, configMap({ a: "1" }))).rejects.toThrow("data[a]: must be short");
  });

  it("waits for a kind that is not served yet", async () => {
    const widget = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "one", namespace: "shop" } };
    const created = create("kubernetes:example.com/v1:Widget", widget, false, 60);
    await expect.poll(() => messages.join()).toContain('no matches for kind "Widget" in version "example.com/v1"');
    server.served["example.com/v1"] = { Widget: { plural: "widgets", namespaced: true } };
    await expect(created).resolves.toMatchObject({ id: "shop/one" });
  });

  it("does not wait for a kind that is gone for good", async () => {
    const budget = { apiVersion: "policy/v1beta1", kind: "PodDisruptionBudget", metadata: { name: "x" } };
    await expect(create("kubernetes:policy/v1beta1:PodDisruptionBudget", budget)).rejects.toThrow(
      "was removed in Kubernetes 1.25",
    );
    expect(messages.join()).not.toContain("Retry");
  });

  it("keeps an object that does not become ready, with the reasons", async () => {
    server.onStore = (object) => ({
      ...object,
      status: { conditions: [{ type: "Available", status: "False", reason: "MinimumReplicasUnavailable" }] },
    });
    const created = create(DEPLOYMENT, deployment({ replicas: 2 }), false, 2);
    const error: unknown = await created.catch((caught: unknown) => caught);
    if (!(error instanceof ResourceInitializationError)) throw error;
    expect(error.state.id).toBe("shop/web");
    expect(error.reasons.join("\n")).toMatch(/did not become ready[^]*not ready within 2 s[^]*MinimumReplicas/);
  });

  it.each([
    ["", false],
    ["real", true],
  ])("lets a Service settle where the variable says %j", async (value, settles) => {
    const settling = createKubernetesProvider({ AKS_MESH_SETTLE_TIMES: value }, quick);
    await settling.configure({ inputs: { kubeconfig: server.kubeconfig } }, context());
    server.objects.set("/api/v1/namespaces/shop/endpoints/web", { metadata: { resourceVersion: "1" } });
    const inputs = {
      ...{ apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "shop" } },
      spec: { selector: { app: "nobody" } },
    };
    const request = { ...identity("kubernetes:core/v1:Service"), inputs, preview: false, timeoutSeconds: 1 };
    // At the timeout nothing has to settle any more, with the real provider neither.
    await expect(settling.create(request, context())).resolves.toMatchObject({ id: "shop/web" });
    expect(messages.includes("Waiting for the service's Endpoints to settle")).toBe(settles);
  });

  it("repeats after 429 and 503, and gives up on a refusal at once", async () => {
    server.script.push({ match: "POST", answer: status(503, "ServiceUnavailable", "starting") });
    server.script.push({
      match: "POST",
      answer: { ...status(429, "TooManyRequests", "slow down"), headers: { "retry-after": "0" } },
    });
    await create(CONFIG_MAP, configMap({ a: "1" }));
    expect(server.requests.filter((line) => line.startsWith("POST"))).toHaveLength(3);
  });
});

describe("secrets", () => {
  it("never leave the state in plain text", async () => {
    const inputs = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "shop" },
      stringData: new Secret({ password: "hunter2" }),
    };
    const checked = await check("kubernetes:core/v1:Secret", inputs);
    const { outputs } = await create("kubernetes:core/v1:Secret", checked.inputs);
    expect(outputs["data"]).toBeInstanceOf(Secret);
    expect(JSON.stringify(outputs)).not.toContain("hunter2");
    expect(JSON.stringify(outputs)).not.toContain(Buffer.from("hunter2").toString("base64"));
    const request = changed("kubernetes:core/v1:Secret", "shop/s", inputs, outputs, inputs);
    await expect(provider.diff(request, context())).resolves.toMatchObject({ changes: "none" });
  });
});

describe("diff", () => {
  it("sees no change in what the server added", async () => {
    server.onStore = (object) => ({ ...object, immutable: false });
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    const same = await provider.diff(changed(CONFIG_MAP, "shop/x", inputs, outputs, inputs), context());
    expect(same).toMatchObject({ changes: "none", detailedDiff: {} });
  });

  it("replaces for a new name and updates for new data", async () => {
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    const data = await provider.diff(
      changed(CONFIG_MAP, "shop/x", inputs, outputs, configMap({ a: "2", b: "3" })),
      context(),
    );
    expect(data.detailedDiff).toEqual({
      "data.a": { kind: "update", inputDiff: false },
      "data.b": { kind: "add", inputDiff: false },
    });
    const name = await provider.diff(
      changed(CONFIG_MAP, "shop/x", inputs, outputs, configMap({ a: "1" }, { name: "y" })),
      context(),
    );
    expect(name.detailedDiff).toEqual({ "metadata.name": { kind: "update-replace", inputDiff: false } });
    expect(name.deleteBeforeReplace).toBe(false);
  });

  it("replaces a ConfigMap for new data by default, first deleting one with a name of the user's", async () => {
    provider = await configured({ kubeconfig: server.kubeconfig });
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    const result = await provider.diff(
      changed(CONFIG_MAP, "shop/x", inputs, outputs, configMap({ a: "2" })),
      context(),
    );
    expect(result).toMatchObject({
      detailedDiff: { "data.a": { kind: "update-replace" } },
      deleteBeforeReplace: true,
    });
  });

  it("replaces a Deployment for another selector, not for more replicas", async () => {
    server.onStore = (object) => ({
      ...object,
      status: { updatedReplicas: 9, conditions: [{ type: "Available", status: "True" }] },
    });
    const inputs = deployment({ replicas: 1, selector: { matchLabels: { app: "a" } } });
    const { outputs } = await create(DEPLOYMENT, inputs);
    const wanted = deployment({ replicas: 2, selector: { matchLabels: { app: "b" } } });
    const { detailedDiff } = await provider.diff(changed(DEPLOYMENT, "shop/web", inputs, outputs, wanted), context());
    expect(detailedDiff).toEqual({
      "spec.replicas": { kind: "update", inputDiff: false },
      "spec.selector.matchLabels.app": { kind: "update-replace", inputDiff: false },
    });
  });

  it("does not ask the server: what it rewrote is a change, unless it is the same quantity", async () => {
    server.onStore = (object) => ({ ...object, data: { size: "normal" } });
    const inputs = configMap({ size: "NORMAL" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    server.requests.length = 0;
    const same = await provider.diff(changed(CONFIG_MAP, "shop/x", inputs, outputs, inputs), context());
    expect(same.detailedDiff).toEqual({ "data.size": { kind: "update", inputDiff: false } });
    expect(server.requests.filter((line) => !line.startsWith("GET"))).toEqual([]);

    const pod = (cpu: string) => ({
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "shop" } },
      spec: { containers: [{ name: "c", resources: { limits: { cpu } } }] },
    });
    const request = changed("kubernetes:core/v1:Pod", "shop/p", pod("0.1"), pod("100m"), pod("0.1"));
    await expect(provider.diff(request, context())).resolves.toMatchObject({ changes: "none" });
  });
});

describe("update", () => {
  it("takes over what the creation and kubectl own, in a run and not in a preview", async () => {
    const inputs = configMap({ a: "1", b: "2" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    const manager = String(outputs["__fieldManager"]);
    const wanted = changed(CONFIG_MAP, "shop/x", inputs, outputs, configMap({ a: "5" }));
    const preview = await provider.update({ ...wanted, preview: true }, context());
    // The creation's field stays beside the update's: nobody gives it up.
    expect(preview["data"]).toEqual({ a: "5", b: "2" });
    await provider.update({ ...wanted, preview: false }, context());
    expect(server.objects.get(configMapPath)?.["data"]).toEqual({ a: "5" });
    expect(managersOf(configMapPath)).toEqual([`${manager} Apply`]);

    kubectlSets({ a: "kubectl" });
    await expect(provider.update({ ...wanted, preview: true }, context())).rejects.toThrow("data/a: conflict with");
    await provider.update({ ...wanted, preview: false }, context());
    expect(server.objects.get(configMapPath)?.["data"]).toEqual({ a: "5" });
    expect(managersOf(configMapPath)).toEqual([`${manager} Apply`]);
  });

  it("keeps the fields of other managers", async () => {
    const inputs = configMap({ a: "1", b: "2" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    const patch = { ...identity("kubernetes:core/v1:ConfigMapPatch", "other"), preview: false };
    await provider.create({ ...patch, inputs: configMap({ c: "theirs" }) }, context());
    await provider.update(
      { ...changed(CONFIG_MAP, "shop/x", inputs, outputs, configMap({ a: "5" })), preview: false },
      context(),
    );
    expect(server.objects.get(configMapPath)?.["data"]).toEqual({ a: "5", c: "theirs" });
  });

  it("replaces a definition as a whole, by PUT", async () => {
    const type = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
    server.served["apiextensions.k8s.io/v1"] = {
      CustomResourceDefinition: { plural: "customresourcedefinitions", namespaced: false },
    };
    const definition = (scope: string): PropertyMap => ({
      ...{ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
      ...{ metadata: { name: "widgets.example.com" }, spec: { scope } },
    });
    server.onStore = (object) => ({ ...object, metadata: { ...Object(object["metadata"]), resourceVersion: "7" } });
    const { id, outputs } = await create(type, definition("Cluster"));
    server.onStore = (object) => object;
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${id}`;
    server.script.push({ match: `PUT ${path}`, answer: { code: 200, body: { metadata: { name: id } } } });
    const wanted = changed(type, id, definition("Cluster"), outputs, definition("Namespaced"));
    await provider.update({ ...wanted, preview: false }, context());
    expect(server.bodies.at(-1)).toMatchObject({ spec: { scope: "Namespaced" }, metadata: { resourceVersion: "7" } });
  });

  it("names the field and the way out in a conflict, and takes the field over when told", async () => {
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    const force = { annotations: { "pulumi.com/patchForce": "true" } };
    const other = { ...identity("kubernetes:core/v1:ConfigMapPatch", "other"), preview: false };
    await provider.create({ ...other, inputs: configMap({ a: "theirs" }, force) }, context());
    const wanted = changed(CONFIG_MAP, "shop/x", inputs, outputs, configMap({ a: "2" }));
    await expect(provider.update({ ...wanted, preview: false }, context())).rejects.toThrow(
      /data\/a: conflict with[^]*pulumi.com\/patchForce/,
    );
    const forced = { ...wanted, newInputs: configMap({ a: "2" }, force), preview: false };
    await provider.update(forced, context());
    expect(server.objects.get(configMapPath)?.["data"]).toEqual({ a: "2" });
  });

  it("keeps the new inputs of a refused update, so that the next run tries again", async () => {
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    server.script.push({ match: "PATCH", answer: status(422, "Invalid", "data is too long") });
    const wanted = changed(CONFIG_MAP, "shop/x", inputs, outputs, configMap({ a: "2" }));
    const error: unknown = await provider.update({ ...wanted, preview: false }, context()).catch((e: unknown) => e);
    if (!(error instanceof ResourceInitializationError)) throw error;
    expect(error.message).toMatch(/"shop\/x" failed to fully initialize or become live: .*data is too long/);
    expect(error.state).toMatchObject({ id: "shop/x", inputs: { data: { a: "2" } }, outputs: { data: { a: "1" } } });
  });

  it("says what to do when the object was deleted by hand", async () => {
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    server.objects.clear();
    const request = { ...changed(CONFIG_MAP, "shop/x", inputs, outputs, configMap({ a: "2" })), preview: false };
    await expect(provider.update(request, context())).rejects.toThrow("pulumi refresh");
  });
});

describe("read", () => {
  it("finds what was changed by hand, and that an object is gone", async () => {
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    const live = server.objects.get(configMapPath);
    server.objects.set(configMapPath, { ...live, data: { a: "drift", foreign: "x" } });
    const request = { ...identity(CONFIG_MAP), id: "shop/x", oldInputs: inputs, oldOutputs: outputs };
    const read = await provider.read(request, context());
    expect(read?.inputs["data"]).toEqual({ a: "drift" });
    server.objects.clear();
    await expect(provider.read(request, context())).resolves.toBeUndefined();
  });

  it("imports without what only the server sets", async () => {
    await create(CONFIG_MAP, configMap({ a: "1" }));
    const request = { ...identity(CONFIG_MAP), id: "shop/x", oldInputs: {}, oldOutputs: {} };
    const read = await provider.read(request, context());
    expect(read?.inputs).toEqual(configMap({ a: "1" }));
  });
});

describe("delete", () => {
  it("waits until the object is gone, and accepts that it is", async () => {
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    const request = { ...identity(CONFIG_MAP), id: "shop/x", oldInputs: inputs, oldOutputs: outputs };
    await provider.delete(request, context());
    expect(server.objects.size).toBe(0);
    await provider.delete(request, context());
  });

  it("deletes in the foreground, and waits for what holds the object, as the garbage collector does", async () => {
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    server.script.push({ match: "DELETE", answer: { code: 200, body: {} } });
    const request = { ...identity(CONFIG_MAP), id: "shop/x", oldInputs: inputs, oldOutputs: outputs };
    let collected = false;
    const deletion = provider.delete(request, context()).then(() => expect(collected).toBe(true));
    setTimeout(() => {
      collected = server.objects.delete(configMapPath);
    }, 300);
    await deletion;
    expect(server.bodies).toContainEqual(expect.objectContaining({ propagationPolicy: "Foreground" }));
  });

  it("names the finalizers of an object that stays", async () => {
    const inputs = configMap({ a: "1" });
    const { outputs } = await create(CONFIG_MAP, inputs);
    server.script.push({ match: "DELETE", answer: { code: 200, body: {} } });
    const live = server.objects.get(configMapPath);
    const metadata = { ...(live?.["metadata"] as object), finalizers: ["example.com/hold"] };
    server.objects.set(configMapPath, { ...live, metadata });
    const request = { ...identity(CONFIG_MAP), id: "shop/x", oldInputs: inputs, oldOutputs: outputs };
    await expect(provider.delete({ ...request, timeoutSeconds: 2 }, context())).rejects.toThrow("example.com/hold");
  });

  it("gives up only its own fields for a Patch resource", async () => {
    await create(CONFIG_MAP, configMap({ a: "1" }));
    const patch = identity("kubernetes:core/v1:ConfigMapPatch", "patch");
    const inputs = configMap({ b: "2" });
    const { id, outputs } = await provider.create({ ...patch, inputs, preview: false }, context());
    expect(server.objects.get(configMapPath)?.["data"]).toEqual({ a: "1", b: "2" });
    await provider.delete({ ...patch, id, oldInputs: inputs, oldOutputs: outputs }, context());
    expect(server.objects.get(configMapPath)?.["data"]).toEqual({ a: "1" });
    server.objects.clear();
    await provider.delete({ ...patch, id, oldInputs: inputs, oldOutputs: outputs }, context());
    expect(server.objects.size).toBe(0);
  });
});

describe("configuration", () => {
  const diffConfig = async (olds: PropertyMap, news: PropertyMap): Promise<Record<string, string>> => {
    const request = { ...identity("pulumi:providers:kubernetes"), id: "p", oldOutputs: {}, ignoreChanges: [] };
    const result = await provider.diffConfig?.({ ...request, oldInputs: olds, newInputs: news }, context());
    return Object.fromEntries(Object.entries(result?.detailedDiff ?? {}).map(([key, { kind }]) => [key, kind]));
  };

  it("replaces for another cluster, updates for new credentials", async () => {
    const old = { kubeconfig: new Secret(kubeconfigFor("https://a", { token: "1" })) };
    expect(await diffConfig(old, { kubeconfig: new Secret(kubeconfigFor("https://a", { token: "2" })) })).toEqual({
      kubeconfig: "update",
    });
    expect(await diffConfig(old, { kubeconfig: new Secret(kubeconfigFor("https://b", { token: "1" })) })).toEqual({
      kubeconfig: "update-replace",
    });
    expect(await diffConfig(old, { kubeconfig: unknown })).toEqual({ kubeconfig: "update-replace" });
    const named = { ...old, clusterIdentifier: "one" };
    expect(await diffConfig(named, { kubeconfig: unknown, clusterIdentifier: "one" })).toEqual({
      kubeconfig: "update",
    });
  });

  it("says that kubelogin is missing, and never repeats the kubeconfig", async () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "kubelogin-that-is-not-there" };
    provider = await configured({ kubeconfig: kubeconfigFor("https://127.0.0.1:1", { exec }) });
    await expect(create(CONFIG_MAP, configMap({}))).rejects.toThrow("kubelogin-that-is-not-there is not on PATH");
    provider = await configured({ kubeconfig: "clusters: [password: hunter2\n: ]" });
    await create(CONFIG_MAP, configMap({})).then(
      () => expect.unreachable(),
      (error: Error) => {
        expect(error.message).toContain("not valid YAML");
        expect(error.message).not.toContain("hunter2");
      },
    );
  });

  it("takes a token from an exec plugin, once", async () => {
    const credential = JSON.stringify({ status: { token: "t", expirationTimestamp: "2099-01-01T00:00:00Z" } });
    const exec = { command: process.execPath, args: ["-e", `console.log(${JSON.stringify(credential)})`] };
    const url = /http:[^"]+/.exec(server.kubeconfig)?.[0] ?? "";
    provider = await configured({ kubeconfig: kubeconfigFor(url, { exec }) });
    await expect(create(CONFIG_MAP, configMap({ a: "1" }))).resolves.toMatchObject({ id: "shop/x" });
  });

  it("leaves objects of a deleted cluster out of the state when told", async () => {
    const gone = { kubeconfig: kubeconfigFor("http://127.0.0.1:1") };
    const request = { ...identity(CONFIG_MAP), id: "shop/x", oldInputs: configMap({}), oldOutputs: configMap({}) };
    provider = await configured(gone);
    await expect(provider.read(request, context())).rejects.toThrow("PULUMI_K8S_DELETE_UNREACHABLE=true");
    provider = await configured({ ...gone, deleteUnreachable: "true" });
    await expect(provider.read(request, context())).resolves.toBeUndefined();
    await provider.delete(request, context());
  });
});

describe("components of the package", () => {
  it.each([
    ["kubernetes:helm.sh/v4:Chart", "helm.v4.Chart", "helm template"],
    ["kubernetes:yaml/v2:ConfigFile", "yaml.v2.ConfigFile", "yaml.ConfigFile"],
    ["kubernetes:yaml/v2:ConfigGroup", "yaml.v2.ConfigGroup", "yaml.ConfigGroup"],
    ["kubernetes:kustomize/v2:Directory", "kustomize.v2.Directory", "kubectl kustomize"],
  ])("refuse %s in one line that says what to do", async (type, name, instead) => {
    const error: unknown = await provider.construct?.(type).catch((caught: unknown) => caught);
    if (!(error instanceof Error)) throw new Error("accepted");
    expect(error.message).toMatch(new RegExp(`^${name.replaceAll(".", "\\.")} is not supported by the sandbox's`));
    expect(error.message).toContain(instead);
    expect(error.message).toContain("pulumi plugin install resource kubernetes 4.34.2");
    expect(error.message).not.toContain("\n");
  });

  it.each([
    ["kubernetes:helm:template", "helm.v3.Chart"],
    ["kubernetes:kustomize:directory", "kustomize.Directory"],
  ])("refuse the function %s", async (token, name) => {
    await expect(provider.invoke({ token, args: {} }, context())).rejects.toThrow(`${name} is not supported`);
  });
});

describe("yaml:decode", () => {
  it("gives the objects of a text, lists opened", async () => {
    const text =
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: b}\n";
    const answer = await provider.invoke(
      { token: "kubernetes:yaml:decode", args: { text, defaultNamespace: "shop" } },
      context(),
    );
    expect(answer).toEqual({
      result: {
        result: [
          { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } },
          { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "b", namespace: "shop" } },
        ],
      },
    });
  });
});
