import { durationSeconds } from "../../policy/duration";
import { retryConditions } from "../../policy/envoy-words";
import { type Retry } from "../kinds";
import { type Surroundings } from "./context";
import { type Report } from "../../analysis/object-report";

/** Checks a Retry. */
export function checkRetry({ spec }: Retry, around: Surroundings, report: Report): void {
  const { source, destinations, retryPolicy } = spec;
  if (around.retryPolicy === false) {
    report.error(
      "retry-flag",
      "spec",
      "OSM ignores Retry objects, because the mesh's feature flag is off",
      "set featureFlags.enableRetryPolicy of the MeshConfig",
    );
  }
  if (source.kind !== "ServiceAccount") {
    report.error(
      "retry-source",
      "spec.source.kind",
      `a ${JSON.stringify(source.kind)} calls nobody`,
      "write ServiceAccount",
    );
  }
  if (destinations.length === 0) {
    report.error("retry-destinations", "spec.destinations", "without destinations it does nothing", "name a Service");
  }
  destinations.forEach(({ kind, name, namespace }, index) => {
    const path = `spec.destinations[${index}]`;
    if (kind !== "Service") {
      report.error(
        "retry-destination",
        `${path}.kind`,
        `OSM skips destinations of kind ${JSON.stringify(kind)}`,
        "write Service",
      );
    } else if (name === "*" || namespace === "*") {
      report.error("retry-destination", `${path}.name`, "OSM knows no wildcard here", "name each Service");
    } else if (!around.hasService(namespace, name)) {
      report.error(
        "missing-service",
        `${path}.name`,
        `there is no Service ${name} in namespace ${namespace}`,
        "add it, or name another",
      );
    }
  });
  const unknown = retryPolicy.retryOn.split(",").filter((condition) => !retryConditions.includes(condition));
  if (unknown.length > 0) {
    report.error(
      "retry-on",
      "spec.retryPolicy.retryOn",
      `Envoy has no condition ${unknown.map((condition) => JSON.stringify(condition)).join(", ")}`,
      `write a list of them with commas and no blanks, e.g. 5xx,connect-failure`,
    );
  }
  if (!Number.isInteger(retryPolicy.numRetries) || retryPolicy.numRetries < 0) {
    report.error(
      "retry-count",
      "spec.retryPolicy.numRetries",
      `${retryPolicy.numRetries} is no count`,
      "write an integer of 0 or more",
    );
  } else if (retryPolicy.numRetries === 0) {
    report.warning(
      "retry-count",
      "spec.retryPolicy.numRetries",
      "0 retries: the object does nothing",
      "write 1 or more",
    );
  }
  for (const key of ["perTryTimeout", "retryBackoffBaseInterval"] as const) {
    const seconds = durationSeconds(retryPolicy[key]);
    if (seconds === undefined || seconds <= 0) {
      report.error(
        "duration",
        `spec.retryPolicy.${key}`,
        `${JSON.stringify(retryPolicy[key])} is no duration above 0`,
        "write one such as 250ms or 1s",
      );
    } else if (key === "retryBackoffBaseInterval" && seconds < 0.001) {
      report.error("duration", `spec.retryPolicy.${key}`, "Envoy wants at least a millisecond", "write 1ms or more");
    }
  }
}
