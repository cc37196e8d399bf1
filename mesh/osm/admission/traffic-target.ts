import { type TrafficTarget } from "../kinds";
import { type Surroundings } from "./context";
import { type Report } from "../../analysis/object-report";

/** Checks a TrafficTarget. */
export function checkTrafficTarget({ metadata, spec }: TrafficTarget, around: Surroundings, report: Report): void {
  const { namespace } = metadata;
  const { destination, sources, rules } = spec;
  if (destination.namespace !== namespace) {
    report.error(
      "target-namespace",
      "spec.destination.namespace",
      `the destination's namespace ${JSON.stringify(destination.namespace ?? "")} is not the object's own`,
      typeof destination.namespace === "string" && destination.namespace !== ""
        ? `move the object and its route groups to namespace ${destination.namespace}: OSM reads a target beside what it opens`
        : `write ${namespace}`,
      "webhook",
    );
  }
  if (destination.kind !== "ServiceAccount") {
    report.error(
      "target-kind",
      "spec.destination.kind",
      `OSM has no identity of kind ${JSON.stringify(destination.kind)}`,
      "write ServiceAccount",
    );
  }
  if (sources.length === 0) {
    report.warning(
      "target-sources",
      "spec.sources",
      "without sources every identity of the mesh passes at the server",
      "name the service accounts that may call",
    );
  }
  sources.forEach((source, index) => {
    const path = `spec.sources[${index}]`;
    if (source.namespace === undefined || source.namespace === "") {
      report.error(
        "source-namespace",
        `${path}.namespace`,
        `the source ${source.name} has no namespace, so it matches nobody`,
        "name the namespace of the service account",
      );
    } else if (!around.isOnboarded(source.namespace)) {
      report.warning(
        "source-onboarded",
        `${path}.namespace`,
        `namespace ${source.namespace} is not onboarded, so its pods have no identity in the mesh`,
        "onboard it, or leave the source out",
      );
    }
    if (source.kind !== "ServiceAccount") {
      report.error(
        "target-kind",
        `${path}.kind`,
        `OSM has no identity of kind ${JSON.stringify(source.kind)}`,
        "write ServiceAccount",
      );
    }
  });
  if (rules.length === 0) {
    report.error(
      "target-rules",
      "spec.rules",
      "without rules OSM ignores the whole TrafficTarget",
      "name an HTTPRouteGroup or a TCPRoute",
    );
  }
  rules.forEach((rule, index) => checkRule(rule, `spec.rules[${index}]`, namespace, around, report));
}

/** Checks one rule of a TrafficTarget and what it refers to. */
function checkRule(
  rule: TrafficTarget["spec"]["rules"][number],
  path: string,
  namespace: string,
  around: Surroundings,
  report: Report,
): void {
  switch (rule.kind) {
    case "UDPRoute":
      report.error(
        "target-udp",
        `${path}.kind`,
        "OSM knows no UDPRoute and ignores the whole TrafficTarget",
        "take the rule out; UDP goes past the mesh anyway",
      );
      return;
    case "TCPRoute":
      if (rule.matches !== undefined && rule.matches.length > 0) {
        report.warning(
          "tcp-matches",
          `${path}.matches`,
          "a TCPRoute has no named matches, but OSM would look for an HTTPRouteGroup of the same name",
          "leave matches out",
        );
      }
      if (around.complete && around.find("TCPRoute", namespace, rule.name) === undefined) {
        report.error(
          "missing-tcp-route",
          `${path}.name`,
          `there is no TCPRoute ${rule.name} in namespace ${namespace}, and without it the TrafficTarget lets nothing through at all`,
          "add the TCPRoute, or name one of this namespace",
        );
      }
      return;
    case "HTTPRouteGroup": {
      const group = around.find("HTTPRouteGroup", namespace, rule.name);
      if (rule.matches === undefined || rule.matches.length === 0) {
        const names = group?.spec.matches.map(({ name }) => name).join(", ");
        report.error(
          "target-matches",
          `${path}.matches`,
          "without matches OSM opens none of the group's routes, though the SMI specification says all",
          names === undefined ? "name the matches" : `name the matches; for all of them: ${names}`,
        );
      }
      if (group === undefined) {
        if (around.complete) {
          report.error(
            "missing-route-group",
            `${path}.name`,
            `there is no HTTPRouteGroup ${rule.name} in namespace ${namespace}, so the rule opens nothing`,
            "add the HTTPRouteGroup, or name one of this namespace",
          );
        }
        return;
      }
      const known = group.spec.matches.map(({ name }) => name);
      rule.matches?.forEach((match, index) => {
        if (!known.includes(match)) {
          report.error(
            "missing-match",
            `${path}.matches[${index}]`,
            `HTTPRouteGroup ${rule.name} has no match ${JSON.stringify(match)}`,
            `write one of ${known.join(", ")}`,
          );
        }
      });
    }
  }
}
