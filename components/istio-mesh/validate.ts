import { RunError } from "@pulumi/pulumi";
import { isDnsSubdomain } from "../../mesh/manifests/names";
import { didYouMean } from "../../mesh/manifests/near-names";
import { meshConfigFields, proxyConfigFields } from "./mesh-config-fields";
import { type IstioMeshSettings } from "./mesh-settings";
import { tagProblem } from "./revision-tag";

/** What is checked. */
interface Checked {
  readonly revisions: readonly string[];
  readonly nextRevisions: readonly string[];
  readonly revisionTag?: string | undefined;
  readonly settings: IstioMeshSettings;
  readonly timeoutSeconds: number;
}

/** Fields of MeshConfig with a setting of their own, and its path. */
const ownSettings: Readonly<Record<string, string>> = {
  accessLogFile: "accessLog.file",
  accessLogFormat: "accessLog.format",
  accessLogEncoding: "accessLog.encoding",
  defaultConfig: "sidecar.other",
  defaultHttpRetryPolicy: "retryAttempts",
  discoverySelectors: "discoverySelectors",
  outboundTrafficPolicy: "egress",
  pathNormalization: "pathNormalization",
  holdApplicationUntilProxyStarts: "sidecar.holdApplication",
  concurrency: "sidecar.concurrency",
};

/** Fields that the add-on's admission would refuse, or that a setting of their own takes. */
function fieldProblems(path: string, given: object | undefined, allowed: readonly string[]): string[] {
  return Object.keys(given ?? {}).flatMap((field) => {
    const own = ownSettings[field];
    if (own !== undefined && allowed.includes(field)) return [`${path}.${field}: write settings.${own} instead.`];
    if (allowed.includes(field)) return [];
    const remedy = didYouMean(field, allowed) ?? "leave it out.";
    return [`${path}.${field}: the add-on does not let it pass; ${remedy}`];
  });
}

function oneOf(path: string, value: string | undefined, allowed: readonly string[]): string[] {
  if (value === undefined || allowed.includes(value)) return [];
  return [`${path}: "${value}" is none of ${allowed.join(", ")}.`];
}

function settingProblems(settings: IstioMeshSettings): string[] {
  const { mtls, retryAttempts = 0, pathNormalization, accessLog, sidecar } = settings;
  const problems = [
    ...oneOf("settings.mtls", mtls, ["STRICT", "PERMISSIVE"]),
    ...oneOf("settings.pathNormalization", pathNormalization, [
      ...["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"],
    ]),
    ...oneOf("settings.accessLog.encoding", accessLog?.encoding, ["TEXT", "JSON"]),
    ...fieldProblems("settings.otherMeshConfig", settings.otherMeshConfig, meshConfigFields),
    ...fieldProblems("settings.sidecar.other", sidecar?.other, proxyConfigFields),
  ];
  if (!Number.isInteger(retryAttempts) || retryAttempts < 0) {
    problems.push(`settings.retryAttempts: ${retryAttempts} is no number of attempts; write 0 or more.`);
  }
  problems.push(...tracingProblems(settings));
  const { concurrency = 1 } = sidecar ?? {};
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    problems.push(
      `settings.sidecar.concurrency: ${concurrency} is no number of threads (0 would take every core); write 1 or more.`,
    );
  }
  return problems;
}

function tracingProblems({ tracing, sidecar, otherMeshConfig }: IstioMeshSettings): string[] {
  if (tracing === undefined) return [];
  const { address, samplingPercentage = 100 } = tracing;
  const problems: string[] = [];
  const [host = "", port = "", ...rest] = address.split(":");
  if (!isDnsSubdomain(host) || !/^[1-9]\d*$/.test(port) || Number(port) > 65_535 || rest.length > 0) {
    problems.push(
      `settings.tracing.address: "${address}" is no host and port; write one such as zipkin.tracing.svc.cluster.local:9411.`,
    );
  }
  if (!(samplingPercentage > 0 && samplingPercentage <= 100)) {
    problems.push(
      `settings.tracing.samplingPercentage: ${samplingPercentage} is no percentage; write one above 0 and up to 100.`,
    );
  }
  const twice = {
    "sidecar.other.tracing": sidecar?.other?.tracing,
    "otherMeshConfig.enableTracing": otherMeshConfig?.enableTracing,
  };
  for (const [path, value] of Object.entries(twice)) {
    if (value !== undefined)
      problems.push(`settings.${path}: settings.tracing says where spans go; take one of both out.`);
  }
  return problems;
}

/**
 * Checks the arguments of IstioMesh.
 *
 * @throws RunError that names each property and what to write.
 */
export function assertIstioMeshArgs(args: Checked): void {
  const { revisions, nextRevisions, revisionTag, settings, timeoutSeconds } = args;
  const problems = settingProblems(settings);
  if (revisions.length < 1 || revisions.length > 2 || new Set(revisions).size < revisions.length) {
    problems.push(
      `revisions: [${revisions.join(", ")}]; write the one that runs, or the two of an upgrade, first the one of new pods.`,
    );
  }
  for (const [property, names] of Object.entries({ revisions, nextRevisions })) {
    names.forEach((name, index) => {
      if (!/^asm-\d+-\d+$/.test(name)) {
        problems.push(`${property}[${index}]: "${name}" is no revision of the add-on; write one such as asm-1-30.`);
      }
    });
  }
  const tag = revisionTag === undefined ? undefined : tagProblem(revisionTag);
  if (tag !== undefined) problems.push(`revisionTag: ${tag}.`);
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 30) {
    problems.push(`readyTimeoutSeconds: ${timeoutSeconds} is too short or no integer; write 30 or more, e.g. 900.`);
  }
  if (problems.length > 0) throw new RunError(problems.join("\n"));
}
