import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse, stringify } from "yaml";

/**
 * Annotation of a pod that is not to be ready before a time (RFC 3339). OSM's pods carry it: on AKS they wait for their custom resource
 * definitions.
 */
export const readyAfterAnnotation = "sandbox.aks-mesh.dev/ready-after";

/** Annotation of a Job's pod: the exit code with which its containers end. Default: 0. It is how a Job can be seen to fail. */
export const exitCodeAnnotation = "sandbox.aks-mesh.dev/exit-code";

/** What the status of a container that has ended says besides. */
const nothingRan = `The sandbox runs no containers. The pod's annotation ${exitCodeAnnotation} says how they end.`;

interface Stage {
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

/** KWOK's stages that are not as they come, by name. */
const changed: Readonly<Record<string, (stage: Stage) => Stage>> = { "pod-ready": heldBack, "pod-complete": asTold };

/** KWOK's configuration: its own stages from the directory, with `pod-ready` held back by one annotation, and `pod-complete` as another says. */
export async function kwokStages(directory: string): Promise<string> {
  const files = (await readdir(directory)).sort();
  const stages = await Promise.all(
    files.map(async (file) => parse(await readFile(path.join(directory, file), "utf8")) as Stage),
  );
  return stages.map((stage) => stringify(changed[stage.metadata.name]?.(stage) ?? stage)).join("---\n");
}

function heldBack(stage: Stage): Stage {
  const expression = `.metadata.annotations["${readyAfterAnnotation}"]`;
  return {
    ...stage,
    spec: { ...stage.spec, delay: { durationMilliseconds: 0, durationFrom: { jq: { expression } } } },
  };
}

/** The pod has had its place, and is ready no more. */
const endedConditions = ["Initialized", "PodScheduled", "Ready", "ContainersReady"]
  .map((type) => {
    const status = type.endsWith("Ready") ? "False" : "True";
    return `- type: ${type}\n  status: "${status}"\n  lastTransitionTime: {{ $now }}`;
  })
  .join("\n");

/** The pod of a Job ends as the kubelet would leave it, by its annotation. */
function asTold(stage: Stage): Stage {
  const statusTemplate = `{{ $now := Now | Quote }}{{ $code := "0" }}
{{ with .metadata.annotations }}{{ with index . "${exitCodeAnnotation}" }}{{ $code = . }}{{ end }}{{ end }}
{{ $well := eq $code "0" }}
phase: {{ if $well }}Succeeded{{ else }}Failed{{ end }}
conditions:
${endedConditions}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: {{ $code }}
      reason: {{ if $well }}Completed{{ else }}Error{{ end }}
      message: ${JSON.stringify(nothingRan)}
      startedAt: {{ $now }}
      finishedAt: {{ $now }}
{{ end }}`;
  return { ...stage, spec: { ...stage.spec, next: { statusTemplate } } };
}
