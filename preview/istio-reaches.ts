import {
  type CallRequest,
  checkGuarantees,
  decide,
  describeObject,
  describeRequest,
  type Guarantee,
  type Mesh,
  unprovedRule,
} from "../mesh";
import { anyOfPatterns, anything, pathPattern, valuePattern } from "../mesh/istio/authorization/matcher";
import { isSubset } from "../mesh/istio/labels";
import { type IstioMesh } from "../mesh/istio";
import { type KubernetesObject } from "../mesh/manifests";
import { type RequestCondition } from "../mesh/request/request-set";
import { type PreviewReach, reachAuthorization, reachCaller } from "../program/previews/reach";
import { isReachTarget } from "./reaches";
import { type BrokenGuarantee } from "./report";

const accountOf = ({ namespace, serviceAccount }: IstioMesh["state"]["pods"][number]): string =>
  `${namespace}/${serviceAccount}`;

/** What is wrong with reaches in view of the shared workloads on Istio, one sentence each. */
export function istioReachProblems(
  reaches: readonly PreviewReach[],
  shared: IstioMesh,
  base: string,
): readonly string[] {
  return reaches.flatMap((reach, index) => {
    const place = `previewReaches[${index}]`;
    const { to, port, selector } = reach;
    if (selector === undefined) {
      return [
        `${place}: stack ${base} runs Istio, for which the entry says nothing: add selector, the labels of the pods called, and operations.`,
      ];
    }
    const called = shared.podsOf(to);
    if (called.length === 0) return [`${place}.to: nothing runs as ${to} in stack ${base}.`];
    const [namespace] = to.split("/");
    const selected = shared.state.pods.filter((pod) => pod.namespace === namespace && isSubset(selector, pod.labels));
    const strangers = [...new Set(selected.map(accountOf))].filter((account) => account !== to);
    const open = selected.filter((pod) => shared.policiesOf(pod).allow.length === 0);
    return [
      ...strangers.map(
        (account) => `${place}.selector: pods of ${account} have these labels too; add one that tells them apart.`,
      ),
      ...(called.every((pod) => selected.includes(pod))
        ? []
        : [`${place}.selector: not all pods of ${to} have these labels; write labels that all of them have.`]),
      ...(servicesOf(shared, reach).length === 0
        ? [`${place}.port: no Service of stack ${base} leads to port ${port} of ${to}.`]
        : []),
      // Where no policy allows anything, everything is allowed; the first one that does closes the pods to all others.
      ...(open.length === 0
        ? []
        : [
            `${place}.to: no AuthorizationPolicy of stack ${base} allows anything of ${to}, so that everybody may call it, and nobody but the ` +
              `preview could any more. Give ${namespace ?? ""} one that says who may: an empty spec closes it to all whom no other lets in.`,
          ]),
    ];
  });
}

/** The requests that a reach names with Istio. */
export function operationConditions({ operations = [] }: PreviewReach): readonly RequestCondition[] {
  return operations.map(({ methods, paths }) => ({
    methods: methods?.map((method) => valuePattern(method, ".+")) ?? ["*"],
    path: paths === undefined ? anything : anyOfPatterns(paths.map(pathPattern)),
  }));
}

/** The ports of Services that lead to the port of a reach. */
function servicesOf(mesh: Mesh, { to, port }: PreviewReach) {
  return mesh
    .access()
    .services.filter((one) => one.targetPort === port && mesh.accountsBehind({ service: one.service }).includes(to));
}

/**
 * That a caller of a preview sends a service what its reaches say, and nothing else: for each port by itself, as a policy of Istio names the port.
 *
 * @param reaches those of this caller to what the service leads to.
 */
export function guestGuarantees(
  mesh: Mesh,
  caller: string,
  service: string,
  reaches: readonly PreviewReach[],
): readonly Guarantee[] {
  const ports = mesh.access().services.filter((one) => one.service === service);
  return [...new Map(ports.map((one) => [one.port, one])).values()].map(({ port, targetPort }) => ({
    name: `${caller} sends ${service} nothing but what previewReaches says`,
    ...{ kind: "never", from: [caller], to: service, port },
    except: reaches.filter((reach) => reach.port === targetPort).flatMap(operationConditions),
  }));
}

/**
 * That a preview gets through with what its reaches say: policies which refuse, routes and network policies of the shared workloads may
 * still stand in the way, and Sidecars of its own.
 *
 * @param preview objects of the preview; what it does not have of its reaches is nothing to be proved.
 * @param together what the mesh makes of them and of the shared workloads.
 */
export function reachesThatEnd(
  pullRequest: number,
  preview: readonly KubernetesObject[],
  together: Mesh,
  reaches: readonly PreviewReach[],
): { readonly guarantees: number; readonly broken: readonly BrokenGuarantee[] } {
  const there = reaches.filter(
    (reach) =>
      reachAuthorization(pullRequest, reach) !== undefined &&
      preview.some((object) => object.kind === "AuthorizationPolicy" && isReachTarget(pullRequest, [reach], object)),
  );
  const guarantees = there.flatMap((reach) => {
    const caller = reachCaller(pullRequest, reach);
    return servicesOf(together, reach).flatMap(({ service, port }) =>
      operationConditions(reach).map((requests): Guarantee => ({
        name: `${caller} gets through to ${service} with what previewReaches says`,
        ...{ kind: "always", from: [caller], to: service, port, requests },
      })),
    );
  });
  // Where it is not known whether it gets through, nothing is closed, and nothing open that should not be.
  const broken = checkGuarantees(together, guarantees).filter(({ rule }) => rule !== unprovedRule);
  return {
    guarantees: guarantees.length,
    broken: broken.map(({ object, message, request, remedy }) => {
      const why = request === undefined ? message : reasonsOf(together, request);
      return { object, remedy, message: `${object} does not hold: ${why}`, ...(request && { request }) };
    }),
  };
}

/** How a call ends, and by which objects. */
function reasonsOf(mesh: Mesh, request: CallRequest): string {
  const { outcome, because } = decide(mesh, request);
  const reasons = because.map(({ text, object }) => {
    const title = object && describeObject(object);
    return title === undefined || text.includes(title) ? text : `${title}: ${text}`;
  });
  return `${describeRequest(request)} is ${outcome}. ${[...new Set(reasons)].join("; ")}`;
}
