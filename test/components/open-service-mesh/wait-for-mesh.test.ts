import { describe, expect, test } from "vitest";
import { type ApiAnswer, type ApiRequest, waitForMesh } from "../../../components/open-service-mesh/wait-for-mesh";
import { osmCustomResourceDefinitions } from "../../../mesh/osm/kinds";

const webhook = (name: string, service: string) => ({
  name,
  clientConfig: { caBundle: "Q0E=", service: { namespace: "kube-system", name: service } },
});
const available = { conditions: [{ type: "Available", status: "True" }] };
const refusal: ApiAnswer = {
  status: 400,
  body: { message: 'admission webhook "osm-validator.k8s.io" denied the request: the namespaces must match' },
};

/** Answers of a cluster whose mesh is ready, by method and path. */
function readyCluster(): Map<string, ApiAnswer> {
  const ok = (body: object): ApiAnswer => ({ status: 200, body });
  return new Map<string, ApiAnswer>([
    ["GET /api/v1/namespaces/kube-system", ok({})],
    [
      "GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      ok({
        items: osmCustomResourceDefinitions.map((name) => ({
          metadata: { name },
          status: { conditions: [{ type: "Established", status: "True" }] },
        })),
      }),
    ],
    [
      "GET /apis/apps/v1/namespaces/kube-system/deployments",
      ok({ items: ["osm-controller", "osm-injector"].map((name) => ({ metadata: { name }, status: available })) }),
    ],
    ["GET /apis/config.openservicemesh.io/v1alpha2/namespaces/kube-system/meshconfigs/osm-mesh-config", ok({})],
    [
      "GET /apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
      ok({ items: [{ webhooks: [webhook("osm-validator.k8s.io", "osm-validator")] }] }),
    ],
    [
      "GET /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
      ok({ items: [{ webhooks: [webhook("osm-inject.k8s.io", "osm-injector")] }] }),
    ],
    ...["osm-validator", "osm-injector"].map((service): [string, ApiAnswer] => [
      `GET /apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${service}`,
      ok({ items: [{ endpoints: [{ conditions: { ready: true } }] }] }),
    ]),
    ["POST /api/v1/namespaces", { status: 201, body: {} }],
    ["POST /apis/access.smi-spec.io/v1alpha3/namespaces/aks-mesh-probe/traffictargets?dryRun=All", refusal],
    ["DELETE /api/v1/namespaces/aks-mesh-probe", ok({})],
    [
      "GET /apis/apps/v1/namespaces/kube-system/deployments/osm-controller",
      ok({
        spec: {
          template: {
            spec: {
              containers: [
                {
                  image: "mcr.microsoft.com/oss/openservicemesh/osm-controller:v1.2.9",
                  args: ["--trust-domain", "shop.example"],
                },
              ],
            },
          },
        },
      }),
    ],
  ]);
}

/** Waits on a cluster with these answers, on a clock that only sleeping moves. */
async function wait(answers: Map<string, ApiAnswer>, onSleep: (seconds: number) => void = () => undefined) {
  let clock = 0;
  const asked: string[] = [];
  const reports: string[] = [];
  const request: ApiRequest = (method, path) => {
    asked.push(`${method} ${path}`);
    return Promise.resolve(answers.get(`${method} ${path}`) ?? { status: 404, body: { message: "not found" } });
  };
  const facts = await waitForMesh({
    request,
    namespace: "kube-system",
    customResourceDefinitions: osmCustomResourceDefinitions,
    timeout: 60_000,
    report: (message) => reports.push(message),
    now: () => clock,
    sleep: (milliseconds) => {
      clock += milliseconds;
      onSleep(clock / 1000);
      return Promise.resolve();
    },
  });
  return { facts, asked, reports, seconds: clock / 1000 };
}

describe("a mesh that is ready", () => {
  test("is found so at once, and says its version and trust domain", async () => {
    const { facts, seconds, asked } = await wait(readyCluster());
    expect(facts).toEqual({ osmVersion: "v1.2.9", trustDomain: "shop.example" });
    expect(seconds).toBe(0);
    expect(asked).toContain("DELETE /api/v1/namespaces/aks-mesh-probe");
  });

  test("with a digest in its image and the flag in one word", async () => {
    const answers = readyCluster();
    const container = {
      image: `registry:5000/osm-controller:v1.2.15@sha256:${"a".repeat(64)}`,
      args: ["--trust-domain=a.b"],
    };
    answers.set("GET /apis/apps/v1/namespaces/kube-system/deployments/osm-controller", {
      status: 200,
      body: { spec: { template: { spec: { containers: [container] } } } },
    });
    expect((await wait(answers)).facts).toEqual({ osmVersion: "v1.2.15", trustDomain: "a.b" });
  });
});

describe("what is missing is named when the time runs out", () => {
  const spoil = (key: string, answer: ApiAnswer) => {
    const answers = readyCluster();
    const full = [...answers.keys()].find((candidate) => candidate.startsWith(key)) ?? expect.fail(key);
    answers.set(full, answer);
    return answers;
  };
  const none: ApiAnswer = { status: 200, body: { items: [] } };

  test.each<[string, Map<string, ApiAnswer>, string[]]>([
    [
      "rights that have not arrived",
      spoil("GET /api/v1/namespaces/kube-system", { status: 403, body: { message: "forbidden" } }),
      ["403: forbidden", "Azure Kubernetes Service RBAC Cluster Admin"],
    ],
    [
      "a login that is refused",
      spoil("GET /api/v1/namespaces/kube-system", { status: 401, body: undefined }),
      ["401", "kubeconfig"],
    ],
    [
      "an API server that is ill",
      spoil("GET /api/v1/namespaces/kube-system", { status: 503, body: undefined }),
      ["503", "az aks show"],
    ],
    [
      "definitions",
      spoil("GET /apis/apiextensions", none),
      ["10 of 10 CustomResourceDefinitions", "traffictargets.access.smi-spec.io", "osm-bootstrap"],
    ],
    [
      "an established definition",
      spoil("GET /apis/apiextensions", {
        status: 200,
        body: {
          items: osmCustomResourceDefinitions.map((name) => ({ metadata: { name }, status: { conditions: [] } })),
        },
      }),
      ["10 of 10"],
    ],
    [
      "the injector",
      spoil("GET /apis/apps/v1/namespaces/kube-system/deployments", {
        status: 200,
        body: { items: [{ metadata: { name: "osm-controller" }, status: available }] },
      }),
      ["deployment osm-injector in kube-system", "describe deployment"],
    ],
    [
      "MeshConfig",
      spoil("GET /apis/config.openservicemesh.io", { status: 404, body: { message: "not found" } }),
      ["MeshConfig osm-mesh-config"],
    ],
    [
      "the webhook",
      spoil("GET /apis/admissionregistration.k8s.io/v1/validating", none),
      ["webhook osm-validator.k8s.io"],
    ],
    [
      "the other webhook",
      spoil("GET /apis/admissionregistration.k8s.io/v1/mutating", none),
      ["webhook osm-inject.k8s.io"],
    ],
    [
      "its certificate authority",
      spoil("GET /apis/admissionregistration.k8s.io/v1/mutating", {
        status: 200,
        body: {
          items: [
            {
              webhooks: [
                {
                  name: "osm-inject.k8s.io",
                  clientConfig: { service: { namespace: "kube-system", name: "osm-injector" } },
                },
              ],
            },
          ],
        },
      }),
      ["certificate authority of webhook osm-inject.k8s.io"],
    ],
    ["its endpoint", spoil("GET /apis/discovery", none), ["ready endpoint of Service osm-validator", "endpointslices"]],
    [
      "its answer",
      spoil("POST /apis/access", {
        status: 500,
        body: { message: 'failed calling webhook "osm-validator.k8s.io": EOF' },
      }),
      ["to answer (500: failed calling webhook", "konnectivity-agent"],
    ],
    [
      "its being asked at all",
      spoil("POST /apis/access", { status: 201, body: {} }),
      ["osm-validator.k8s.io to be asked"],
    ],
    [
      "the right to make a namespace",
      spoil("POST /api/v1/namespaces", { status: 403, body: { message: "no" } }),
      ["the right to create namespace aks-mesh-probe (403: no)"],
    ],
  ])("%s", async (_, answers, texts) => {
    const failure = await wait(answers).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    const message = String(failure);
    expect(message).toContain("was not ready after 60 s. Missing: ");
    expect(message).toContain("Look at: ");
    for (const text of texts) {
      expect(message).toContain(text);
    }
  });
});

test("a mesh that comes up is waited for, and each thing awaited is told once", async () => {
  const complete = readyCluster();
  const answers = new Map<string, ApiAnswer>([
    ["GET /api/v1/namespaces/kube-system", { status: 403, body: { message: "not yet" } }],
  ]);
  const { seconds, reports } = await wait(answers, (elapsed) => {
    if (elapsed === 10) {
      complete.forEach((answer, key) => answers.set(key, answer));
      answers.delete(
        "GET /apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dosm-validator",
      );
    } else if (elapsed === 20) {
      complete.forEach((answer, key) => answers.set(key, answer));
    }
  });
  expect(seconds).toBe(20);
  expect(reports).toEqual([
    "waiting for the right to read namespace kube-system (403: not yet)",
    "waiting for a ready endpoint of Service osm-validator, behind webhook osm-validator.k8s.io",
  ]);
});

test("an API server that does not answer is waited for, a final error is not", async () => {
  let calls = 0;
  const base = {
    namespace: "kube-system",
    customResourceDefinitions: [],
    timeout: 10_000,
    report: () => undefined,
    sleep: () => Promise.resolve(),
    now: () => calls * 1000,
  };
  const failing =
    (error: Error): ApiRequest =>
    () => {
      calls += 1;
      return Promise.reject(error);
    };
  await expect(waitForMesh({ ...base, request: failing(new Error("connect ECONNREFUSED")) })).rejects.toThrow(
    /was not ready after 10 s\. Missing: the API server to answer \(connect ECONNREFUSED\)/,
  );
  expect(calls).toBeGreaterThan(5);
  calls = 0;
  await expect(
    waitForMesh({ ...base, request: failing(Object.assign(new Error("no kubelogin"), { final: true })) }),
  ).rejects.toThrow("no kubelogin");
  expect(calls).toBe(1);
});
