import {
  type Policies,
  type ReportViolation,
  type ResourceValidationArgs,
  type StackValidationArgs,
} from "@pulumi/policy";
import { checkReport, type Notice, noticesOf } from "../../cli/check/report";
import { describeRequest, guaranteeKind, type Manifests, meshesOf, parseManifests, rulesOfTheWhole } from "../../mesh";
import { isPart, listAt, type Settings } from "../rules";
import { type ClusterObjects, isObject, objectsOfClusters } from "./cluster-objects";
import { note } from "./seen";

/** What the analysis says of SMI's, OSM's and Istio's objects in a stack. */
export const meshPolicies: Policies = [
  {
    name: "mesh-errors",
    description: "The objects of the service mesh are accepted, and do what they say.",
    enforcementLevel: "mandatory",
    validateResource: noteObject,
    validateStack: eachCluster((objects, report) => {
      for (const { severity, ...notice } of noticesAbout(objects)) {
        if (severity === "error" && objects.unknown.length === 0) say({ severity, ...notice }, report);
      }
    }),
  },
  {
    name: "mesh-warnings",
    description: "The objects of the service mesh do what was probably meant.",
    enforcementLevel: "advisory",
    validateResource: noteObject,
    validateStack: eachCluster((objects, report) => {
      const partial = objects.unknown.length > 0;
      for (const notice of noticesAbout(objects)) {
        // What the mesh will be told may mend it: `pulumi up` decides.
        if (notice.severity === "warning" || partial) say(notice, report);
      }
      if (!partial) return;
      report(
        `Not known in this preview: ${objects.unknown.join(", ")}. Nothing of the mesh is an error before they are.`,
      );
    }),
  },
  {
    name: "mesh-guarantees",
    description: "What the team guarantees of its calls is proved for all requests.",
    enforcementLevel: "mandatory",
    configSchema: {
      properties: {
        guarantees: {
          type: "array",
          description:
            "Each with a name and either `never` or `always`, as in a manifest of the kind Guarantee: from, to, port, methods, path, headers.",
          items: { type: "object" },
          default: [],
        },
      },
    },
    validateResource: noteObject,
    validateStack: eachCluster((objects, report, settings) => {
      if (objects.unknown.length > 0) return;
      for (const notice of noticesAbout(objects, guaranteesOf(settings))) {
        if (notice.object?.startsWith(`${guaranteeKind.kind} `)) say(notice, report);
      }
    }),
  },
];

function noteObject(args: ResourceValidationArgs): void {
  if (!isObject(args.type)) args.notApplicable("The policy is about objects of Kubernetes.");
  note(args);
}

/** Looks at each cluster that has objects of a mesh. */
function eachCluster(look: (objects: ClusterObjects, report: ReportViolation, settings: Settings) => void) {
  return ({ resources, getConfig, notApplicable }: StackValidationArgs, report: ReportViolation): void => {
    const clusters = objectsOfClusters(resources).filter(({ manifests }) => meshesOf(manifests.objects).size > 0);
    if (clusters.length === 0) notApplicable("The stack has no objects of a service mesh.");
    for (const objects of clusters) look(objects, report, getConfig<Settings>());
  };
}

/** What there is to say of the objects under each mesh that any of them is for. */
function noticesAbout({ manifests, unknown }: ClusterObjects, guarantees: readonly string[] = []): readonly Notice[] {
  const whole = guarantees.length === 0 ? manifests : withGuarantees(manifests, guarantees);
  return [...meshesOf(manifests.objects).keys()]
    .flatMap((mesh) => noticesOf(checkReport(whole, mesh)))
    .filter(({ rule }) => unknown.length === 0 || !rulesOfTheWhole.has(rule));
}

function withGuarantees(manifests: Manifests, guarantees: readonly string[]): Manifests {
  const read = parseManifests(guarantees.map((text) => ({ name: "", text })));
  return {
    ...manifests,
    objects: [...manifests.objects, ...read.objects],
    problems: [...manifests.problems, ...read.problems],
  };
}

/** The guarantees of the configuration, as manifests. */
function guaranteesOf(settings: Settings): readonly string[] {
  return listAt(settings, "guarantees").map((guarantee, index) => {
    const { name, ...spec } = isPart(guarantee) ? guarantee : {};
    return JSON.stringify({
      ...guaranteeKind,
      metadata: { name: typeof name === "string" ? name : String(index), namespace: "" },
      spec,
    });
  });
}

/** Reports a finding on the resource that it is about, or else on the stack. */
function say({ object, property, message, request, remedy, position }: Notice, report: ReportViolation): void {
  const place = [object, property].filter((part) => part !== undefined).join(" ");
  const lines = [`${place === "" ? "" : `${place}: `}${message}`];
  if (request !== undefined) lines.push(`    shown by  ${describeRequest(request)}`);
  if (remedy !== undefined) lines.push(`    remedy    ${remedy}`);
  report(lines.join("\n"), position?.file.startsWith("urn:") === true ? position.file : undefined);
}
