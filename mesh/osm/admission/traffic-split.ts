import { type TrafficSplit } from "../kinds";
import { type Surroundings } from "./context";
import { isDnsLabel } from "../../manifests/names";
import { type Report } from "../../analysis/object-report";
import { hostParts } from "./values";

/** Checks a TrafficSplit by itself. */
export function checkTrafficSplit({ metadata, spec }: TrafficSplit, around: Surroundings, report: Report): void {
  const { namespace } = metadata;
  const root = hostParts(spec.service);
  if (!isDnsLabel(root.service)) {
    report.error(
      "split-service",
      "spec.service",
      `${JSON.stringify(spec.service)} is no Service`,
      "write a Service's name",
    );
  } else if (root.namespace !== undefined && root.namespace !== namespace) {
    report.error(
      "split-namespace",
      "spec.service",
      `the root is in namespace ${root.namespace}, but OSM looks for it in ${namespace}`,
      `put the split into namespace ${root.namespace}`,
    );
  } else if (!around.hasService(namespace, root.service)) {
    report.error(
      "missing-service",
      "spec.service",
      `there is no Service ${root.service} in namespace ${namespace}`,
      "add the root Service; its selector has to cover the pods of all backends",
    );
  }
  if (spec.backends.length === 0) {
    report.error(
      "split-backends",
      "spec.backends",
      "there are no backends, so the root answers nobody",
      "add a backend",
    );
  } else if (spec.backends.every(({ weight }) => weight === 0)) {
    report.error(
      "split-weights",
      "spec.backends",
      "all weights are 0, which breaks the root for every caller",
      "give a backend a weight above 0",
    );
  }
  const seen = new Set<string>();
  spec.backends.forEach(({ service, weight }, index) => {
    const path = `spec.backends[${index}]`;
    if (!Number.isInteger(weight) || weight < 0 || weight > 4294967295) {
      report.error(
        "split-weight",
        `${path}.weight`,
        `${weight} is no weight${Number.isInteger(weight) ? "" : ", and with one such split OSM reads no TrafficSplit of the cluster any more"}`,
        "write an integer of 0 or more; weights are relative to each other",
      );
    }
    if (!isDnsLabel(service)) {
      report.error(
        "split-service",
        `${path}.service`,
        `${JSON.stringify(service)} is no Service of the split's namespace`,
        "write the bare name of a Service; backends live in the split's namespace",
      );
    } else if (service === root.service) {
      report.warning(
        "split-root",
        `${path}.service`,
        `the root is its own backend: its selector covers every backend, so this share goes to all versions`,
        "name a Service that selects one version",
      );
    } else if (!around.hasService(namespace, service)) {
      report.error(
        "missing-service",
        `${path}.service`,
        `there is no Service ${service} in namespace ${namespace}, so the others share its part`,
        "add the Service, or take the backend out",
      );
    }
    if (seen.has(service)) {
      report.warning(
        "split-duplicate",
        `${path}.service`,
        `service ${service} is a backend twice`,
        "name it once, with the sum",
      );
    }
    seen.add(service);
  });
}
