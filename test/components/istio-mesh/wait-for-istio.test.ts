import { describe, expect, test } from "vitest";
import { assertSettingsInPlace } from "../../../components/istio-mesh/settings-in-place";
import { waitForIstio } from "../../../components/istio-mesh/wait-for-istio";
import { type ApiAnswer, type ApiRequest } from "../../../components/service-mesh/waiting";

const definitions = ["authorizationpolicies.security.istio.io", "virtualservices.networking.istio.io"];
const namespace = "aks-istio-system";
const ok = (body: object): ApiAnswer => ({ status: 200, body });
const hook = (revision: string, name: string, caBundle = "Q0E=") => ({
  webhooks: [{ name, clientConfig: { caBundle, service: { namespace, name: `istiod-${revision}` } } }],
});
const istiod = (revision: string, version: string) => ({
  metadata: { name: `istiod-${revision}` },
  spec: { template: { spec: { containers: [{ image: `mcr.microsoft.com/oss/v2/istio/pilot:v${version}-2` }] } } },
  status: { conditions: [{ type: "Available", status: "True" }] },
});
const decision = `POST /apis/security.istio.io/v1/namespaces/${namespace}/authorizationpolicies?dryRun=All`;
const webhooks = (resource: string): string => `GET /apis/admissionregistration.k8s.io/v1/${resource}`;
const slices = (revision: string): string =>
  `GET /apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Distiod-${revision}`;

/** Answers of a cluster whose mesh is ready, during an upgrade, by method and path. */
function readyCluster(): Map<string, ApiAnswer> {
  return new Map<string, ApiAnswer>([
    [`GET /api/v1/namespaces/${namespace}`, ok({})],
    [
      "GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      ok({
        items: definitions.map((name) => ({
          metadata: { name },
          status: { conditions: [{ type: "Established", status: "True" }] },
        })),
      }),
    ],
    [
      `GET /apis/apps/v1/namespaces/${namespace}/deployments`,
      ok({ items: [istiod("asm-1-29", "1.29.4"), istiod("asm-1-30", "1.30.2")] }),
    ],
    [`GET /apis/apps/v1/namespaces/${namespace}/deployments/istiod-asm-1-30`, ok(istiod("asm-1-30", "1.30.2"))],
    [
      `GET /api/v1/namespaces/${namespace}/configmaps/istio-asm-1-30`,
      ok({ data: { mesh: "trustDomain: shop.local" } }),
    ],
    [
      webhooks("mutatingwebhookconfigurations"),
      ok({ items: ["asm-1-29", "asm-1-30"].map((one) => hook(one, "namespace.sidecar-injector.istio.io")) }),
    ],
    [webhooks("validatingwebhookconfigurations"), ok({ items: [hook("asm-1-30", "validation.istio.io")] })],
    ...["asm-1-29", "asm-1-30"].map((one): [string, ApiAnswer] => [
      slices(one),
      ok({ items: [{ endpoints: [{ conditions: { ready: true } }] }] }),
    ]),
    [
      decision,
      {
        status: 400,
        body: { message: 'admission webhook "validation.istio.io" denied the request: configuration is invalid' },
      },
    ],
  ]);
}

function asking(answers: ReadonlyMap<string, ApiAnswer>): ApiRequest {
  return (method, path) => {
    const answer = answers.get(`${method} ${path}`);
    return answer === undefined ? Promise.resolve({ status: 404, body: {} }) : Promise.resolve(answer);
  };
}

/** Waits for as long as ten looks take; time passes by looking. */
async function wait(answers: ReadonlyMap<string, ApiAnswer>, revisions = ["asm-1-30", "asm-1-29"]) {
  let time = 0;
  const said: string[] = [];
  const facts = await waitForIstio({
    request: asking(answers),
    revisions,
    customResourceDefinitions: definitions,
    timeout: 20_000,
    report: (message) => said.push(message),
    now: () => time,
    sleep: (milliseconds) => Promise.resolve(void (time += milliseconds)),
  });
  return { facts, said };
}

test("a mesh that is ready tells the version that new pods join, and its trust domain", async () => {
  expect(await wait(readyCluster())).toEqual({
    facts: { istioVersion: "1.30.2", trustDomain: "shop.local" },
    said: [],
  });
});

describe("what is missing is named", () => {
  test.each<[string, string, ApiAnswer, RegExp]>([
    [
      "no namespace",
      `GET /api/v1/namespaces/${namespace}`,
      { status: 404, body: {} },
      /namespace aks-istio-system.*az aks show --query serviceMeshProfile/,
    ],
    [
      "no right",
      `GET /api/v1/namespaces/${namespace}`,
      { status: 403, body: { message: "forbidden" } },
      /role assignments/,
    ],
    [
      "definitions",
      "GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      ok({ items: [] }),
      /2 of 2 CustomResourceDefinitions/,
    ],
    [
      "an istiod",
      `GET /apis/apps/v1/namespaces/${namespace}/deployments`,
      ok({ items: [istiod("asm-1-29", "1.29.4")] }),
      /deployment istiod-asm-1-30 .*to be available/,
    ],
    [
      "an injector",
      webhooks("mutatingwebhookconfigurations"),
      ok({ items: [hook("asm-1-30", "rev.namespace.sidecar-injector.istio.io")] }),
      /a webhook of istiod-asm-1-29 among the mutatingwebhookconfigurations/,
    ],
    [
      "a certificate authority",
      webhooks("validatingwebhookconfigurations"),
      ok({ items: [hook("asm-1-30", "validation.istio.io", "")] }),
      /certificate authority of webhook validation\.istio\.io, which istiod writes/,
    ],
    ["an endpoint", slices("asm-1-29"), ok({ items: [] }), /a ready endpoint of Service istiod-asm-1-29/],
    [
      "a webhook that is passed by",
      decision,
      { status: 201, body: {} },
      /an object that it must refuse was let through/,
    ],
    [
      "a webhook that does not answer",
      decision,
      { status: 500, body: { message: "connection refused" } },
      /to answer \(500: connection refused\)/,
    ],
    ["another's refusal", decision, { status: 422, body: { message: "schema denied" } }, /to answer \(422/],
  ])("%s", async (_, key, answer, text) => {
    await expect(wait(readyCluster().set(key, answer))).rejects.toThrow(text);
  });
});

test("an istiod without its volume is told with what the kubelet says last, of a key vault in short", async () => {
  const answers = readyCluster().set(`GET /apis/apps/v1/namespaces/${namespace}/deployments`, ok({ items: [] }));
  const events = `GET /api/v1/namespaces/${namespace}/events?fieldSelector=reason%3DFailedMount`;
  const event = (minute: number, message: string) => ({ lastTimestamp: `2026-11-29T04:0${minute}:00Z`, message });
  const vault = `MountVolume.SetUp failed for volume "cacerts" : failed to get objectType:secret, objectName:ca-key, objectVersion:: StatusCode=404 -- Status=404 Code="SecretNotFound" Message="A secret with (name/id) ca-key was not found."`;
  answers.set(events, ok({ items: [event(3, vault), event(2, "disk is full")] }));
  await expect(wait(answers)).rejects.toThrow(
    /istiod-asm-1-30 and istiod-asm-1-29 in aks-istio-system to be available \(secret ca-key of the key vault: A secret .* was not found\.\).*may the add-on's identity read them/s,
  );
  answers.set(events, ok({ items: [event(3, vault), event(4, "disk is full")] }));
  await expect(wait(answers)).rejects.toThrow(/to be available \(disk is full\).*describe deployment/s);
});

test("what is not there yet is waited for", async () => {
  const answers = readyCluster();
  const ready = answers.get(decision);
  answers.set(decision, { status: 201, body: {} });
  let looks = 0;
  const request = asking(answers);
  const facts = await waitForIstio({
    request: (method, path) => {
      if (method === "POST" && ready !== undefined && ++looks === 3) answers.set(decision, ready);
      return request(method, path);
    },
    revisions: ["asm-1-30"],
    customResourceDefinitions: definitions,
    timeout: 60_000,
    report: () => undefined,
    sleep: () => Promise.resolve(),
  });
  expect([looks, facts.istioVersion]).toEqual([3, "1.30.2"]);
});

test("a revision does not start before its settings are there", async () => {
  const map = (revision: string): string =>
    `GET /api/v1/namespaces/${namespace}/configmaps/istio-shared-configmap-${revision}`;
  const request = asking(new Map([[map("asm-1-30"), ok({})]]));
  await expect(assertSettingsInPlace(request, ["asm-1-30"])).resolves.toBeUndefined();
  await expect(assertSettingsInPlace(request, ["asm-1-31"])).rejects.toThrow(
    /Revision asm-1-31 of Istio cannot start yet: the ConfigMap istio-shared-configmap-asm-1-31.*revisions as they run now/,
  );
});
