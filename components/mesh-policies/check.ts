import * as pulumi from "@pulumi/pulumi";
import { type AdmissionContext, admit, type Finding, findingText } from "../../mesh/osm/admission";
import { type OsmKind, type OsmObject, osmKinds } from "../../mesh/osm/kinds";
import { type MeshPoliciesArgs, type PolicyArgs } from "./args";

/** An object ready to be applied. Parts of `spec` may not be known yet. */
export interface PendingObject {
  readonly apiVersion: string;
  readonly kind: OsmKind;
  readonly metadata: PolicyArgs<OsmKind>["metadata"];
  readonly spec: pulumi.Input<object>;
}

/** Objects ready to be applied, and the same as plain data once all of it is known. */
export interface CheckedObjects {
  readonly pending: readonly PendingObject[];
  readonly plain: pulumi.Output<OsmObject[]>;
}

/** Fills in what goes without saying. */
function pendingObjects(args: MeshPoliciesArgs): PendingObject[] {
  const ofKind = <K extends OsmKind>(kind: K, objects: readonly PolicyArgs<K>[] = []): PendingObject[] =>
    objects.map(({ apiVersion, metadata, spec }) => ({
      apiVersion: apiVersion ?? osmKinds[kind].apiVersion,
      kind,
      metadata,
      spec: pulumi.Output.isInstance(spec) || spec instanceof Promise ? pulumi.output<object>(spec) : spec,
    }));
  return [
    ...ofKind("HTTPRouteGroup", args.httpRouteGroups),
    ...ofKind("TCPRoute", args.tcpRoutes),
    ...ofKind("UpstreamTrafficSetting", args.upstreamTrafficSettings),
    ...ofKind("MeshRootCertificate", args.meshRootCertificates),
    ...ofKind("TrafficTarget", args.trafficTargets),
    ...ofKind("Egress", args.egresses),
    ...ofKind("IngressBackend", args.ingressBackends),
    ...ofKind("Retry", args.retries),
    ...ofKind("TrafficSplit", args.trafficSplits),
  ];
}

/** Whether no part of a value is an Output or a promise. */
function isPlain(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    return false;
  }
  return typeof value !== "object" || value === null || Object.values(value).every(isPlain);
}

/**
 * Speaks up about findings.
 *
 * @throws Error that lists all errors among them.
 */
function raise(findings: readonly Finding[], resource: pulumi.Resource): void {
  const errors = findings.filter(({ severity }) => severity === "error");
  for (const warning of findings.filter(({ severity }) => severity === "warning")) {
    void pulumi.log.warn(findingText(warning), resource);
  }
  if (errors.length > 0) {
    throw new pulumi.RunError(
      [`${errors.length} of the mesh policies cannot work:`, ...errors.map((error) => `- ${findingText(error)}`)].join(
        "\n",
      ),
    );
  }
}

/**
 * Checks objects all of whose parts are known.
 *
 * @throws Error that lists what is wrong.
 */
export function admitted(
  values: readonly unknown[],
  context: AdmissionContext,
  resource: pulumi.Resource,
): readonly OsmObject[] {
  const { findings, objects } = admit(values, context);
  raise(findings, resource);
  return objects;
}

/**
 * Checks all objects: the plain ones at once, and all together as soon as every part is known, in a preview too.
 *
 * @throws Error that lists what is wrong, each with object, property and remedy.
 */
export function checkedObjects(args: MeshPoliciesArgs, resource: pulumi.Resource): CheckedObjects {
  const context: AdmissionContext = {
    namespaces: [...args.namespaces.map(({ name }) => name), ...(args.otherNamespaces ?? [])],
    services: args.services,
    retryPolicy: args.retryPolicy ?? true,
  };
  const pending = pendingObjects(args);
  const known = pending.filter(isPlain);
  const complete = known.length === pending.length;
  if (complete) {
    return { pending, plain: pulumi.output([...admitted(known, context, resource)]) };
  }
  raise(
    admit(known, { ...context, complete }).findings.filter(({ severity }) => severity === "error"),
    resource,
  );
  const plain = pulumi.output(pending).apply((resolved) => [...admitted(resolved, context, resource)]);
  // What is applied comes from the check's own result, so that nothing is applied that did not pass it.
  const checked = pending.map((object, index) => ({
    ...object,
    spec: isPlain(object) ? object.spec : plain.apply((objects): object => objects[index]?.spec ?? {}),
  }));
  return { pending: checked, plain };
}
