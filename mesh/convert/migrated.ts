import { keyOf } from "../cluster/keys";
import { assumedAccountLabel } from "../cluster/selectors";
import { type Labels, workloadKinds } from "../cluster/workloads";
import { isJsonObject, type JsonObject, type KubernetesObject } from "../manifests";
import { type OsmMesh } from "../osm";
import { injectionAnnotation, injectionWords, monitoredByLabel, proxyLabel } from "../osm/injection";
import { osmKinds } from "../osm/kinds";
import { accountLabel } from "../policy";
import { type Conversion } from "./convert";

const ignoreLabel = "openservicemesh.io/ignore";

/** Where an API server wrote an object's fields. */
const observedFields = ["uid", "resourceVersion", "creationTimestamp"] as const;

/**
 * The objects as they are after the move: without OSM's, with Istio's, the namespaces of the mesh labelled, every pod started again
 * with Istio's sidecar where it had OSM's, and with what was assumed of the cluster written out.
 *
 * @param revision of Istio, such as `asm-1-30`.
 */
export function migrated(
  objects: readonly KubernetesObject[],
  mesh: OsmMesh,
  { objects: written, namespaces }: Pick<Conversion, "objects" | "namespaces">,
  revision: string,
): readonly KubernetesObject[] {
  const osm: ReadonlySet<string> = new Set(Object.values(osmKinds).map(({ apiVersion }) => apiVersion));
  const given = objects.filter(({ apiVersion }) => !osm.has(apiVersion));
  return [...given.map((object) => restarted(object, namespaces, revision)), ...assumedObjects(mesh), ...written];
}

function restarted(object: KubernetesObject, namespaces: readonly string[], revision: string): KubernetesObject {
  if (object.kind === "Namespace") {
    return namespaces.includes(object.metadata.name) ? labelled(object, revision) : object;
  }
  if (object.kind === "Pod") {
    const { name, namespace } = object.metadata;
    const { metadata } = podAgain({ ...object }, revision);
    return {
      ...object,
      metadata: { ...(isJsonObject(metadata) && metadata), name, ...(namespace !== undefined && { namespace }) },
    };
  }
  return workloadKinds.has(object.kind) && "spec" in object
    ? Object.assign({ ...object }, { spec: withTemplate(object.spec, revision) })
    : object;
}

/** A namespace of OSM's mesh as one of Istio's. */
export function labelled(object: KubernetesObject, revision: string): KubernetesObject {
  const { labels, annotations } = object.metadata;
  const before = textsOf(labels);
  const kept = without(before, [monitoredByLabel, ignoreLabel]);
  const others = without(textsOf(annotations), [injectionAnnotation, "openservicemesh.io/metrics"]);
  const ignored = before[ignoreLabel];
  const injection = textsOf(annotations)[injectionAnnotation];
  const injected =
    ignored === undefined && (injection === undefined || injectionWords.on.includes(injection.toLowerCase()));
  return {
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...kept, ...(injected && { "istio.io/rev": revision }) },
      ...(Object.keys(others).length > 0 ? { annotations: others } : { annotations: undefined }),
    },
  };
}

function without(texts: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([name]) => !names.includes(name)));
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** A pod or a template with what its labels and annotations say of OSM's sidecar said of Istio's. */
function podAgain(pod: JsonObject, revision: string): JsonObject {
  const metadata = isJsonObject(pod["metadata"]) ? pod["metadata"] : {};
  const spec = isJsonObject(pod["spec"]) ? pod["spec"] : {};
  const { [proxyLabel]: running, ...labels } = textsOf(metadata["labels"]);
  const { [injectionAnnotation]: injection, ...annotations } = textsOf(metadata["annotations"]);
  const wanted = injection === undefined ? undefined : injectionWords.on.includes(injection.toLowerCase());
  const injected = running === undefined ? wanted : true;
  const account = spec["serviceAccountName"] ?? spec["serviceAccount"];
  const kept = Object.entries(metadata).filter(([field]) => !observedFields.some((one) => one === field));
  return {
    ...pod,
    metadata: {
      ...Object.fromEntries(kept),
      labels: {
        ...labels,
        [accountLabel]: typeof account === "string" && account !== "" ? account : "default",
        ...(injected !== undefined && { "sidecar.istio.io/inject": String(injected) }),
        // Also where the namespace gives none.
        ...(injected === true && { "istio.io/rev": revision }),
      },
      annotations,
    },
  };
}

/** A workload whose template is read so. */
function withTemplate(value: unknown, revision: string): unknown {
  if (!isJsonObject(value)) return value;
  if (isJsonObject(value["template"])) return { ...value, template: podAgain(value["template"], revision) };
  if (isJsonObject(value["jobTemplate"])) {
    const job = value["jobTemplate"];
    return { ...value, jobTemplate: { ...job, spec: withTemplate(job["spec"], revision) } };
  }
  return value;
}

/** Pods and Services that no object shows and that OSM's analysis took to be there. */
function assumedObjects({ state }: OsmMesh): readonly KubernetesObject[] {
  const pods = state.pods
    .filter(({ assumed }) => assumed === true)
    .map((pod) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: pod.name,
        namespace: pod.namespace,
        labels: { ...selectable(pod.labels), [accountLabel]: pod.serviceAccount },
      },
      spec: { serviceAccountName: pod.serviceAccount },
      status: { podIP: pod.ips[0] },
    }));
  const services = [...state.services.values()]
    .filter(({ assumed }) => assumed)
    .map((service) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: service.name, namespace: service.namespace },
      spec: {
        selector: selectable(service.selector),
        clusterIP: service.clusterIp,
        ports: service.ports.map(writtenPort),
      },
    }));
  const seen = new Set<string>();
  return [...pods, ...services].filter(({ kind, metadata }) => {
    const key = `${kind} ${keyOf(metadata.namespace ?? "", metadata.name)}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function selectable({ [assumedAccountLabel]: account, ...labels }: Labels): Labels {
  return account === undefined ? labels : { ...labels, [accountLabel]: account };
}

function writtenPort(port: {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number | string;
  readonly appProtocol?: string;
  readonly transport: string;
}) {
  return {
    ...(port.name !== "" && { name: port.name }),
    port: port.port,
    targetPort: port.targetPort,
    protocol: port.transport,
    ...(port.appProtocol !== undefined && { appProtocol: port.appProtocol }),
  };
}
