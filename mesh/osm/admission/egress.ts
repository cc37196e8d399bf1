import { type Egress } from "../kinds";
import { type Surroundings } from "./context";
import { type Report } from "../../analysis/object-report";
import { isIpv4Cidr } from "./values";

const routeGroups = "specs.smi-spec.io/v1alpha4";
const settings = "policy.openservicemesh.io/v1alpha1";

/** Checks an Egress. */
export function checkEgress({ metadata, spec }: Egress, around: Surroundings, report: Report): void {
  const { namespace } = metadata;
  if (spec.sources.length === 0) {
    report.error("egress-sources", "spec.sources", "without sources it applies to nobody", "name a service account");
  }
  if (spec.ports.length === 0) {
    report.error("egress-ports", "spec.ports", "without ports it opens nothing", "name the ports to open");
  }
  const protocols = ["http", "https", "tcp", "tcp-server-first"];
  spec.ports.forEach(({ protocol }, index) => {
    const path = `spec.ports[${index}].protocol`;
    const folded = protocol.toLowerCase();
    if (!protocols.includes(folded)) {
      report.error(
        "egress-protocol",
        path,
        `OSM skips ports of protocol ${JSON.stringify(protocol)}`,
        `write one of ${protocols.join(", ")}`,
      );
    } else if (folded === "http" && (spec.hosts ?? []).length === 0) {
      report.error(
        "egress-hosts",
        "spec.hosts",
        "an http port opens nothing without hosts",
        "name the hosts that may be called",
      );
    } else if (folded === "https" && (spec.hosts ?? []).length === 0 && (spec.ipAddresses ?? []).length === 0) {
      report.warning(
        "egress-open",
        "spec.hosts",
        "without hosts and ipAddresses the https port is open to every destination",
        "name the hosts that may be called",
      );
    }
  });
  spec.hosts?.forEach((host, index) => {
    if (host === "" || /[\s/]/.test(host) || /:\d+$/.test(host)) {
      report.error(
        "egress-host",
        `spec.hosts[${index}]`,
        `${JSON.stringify(host)} is no host name`,
        "write the host alone, without scheme, port or path, e.g. httpbin.org",
      );
    }
  });
  spec.ipAddresses?.forEach((range, index) => {
    if (!isIpv4Cidr(range)) {
      report.error(
        "cidr",
        `spec.ipAddresses[${index}]`,
        `${JSON.stringify(range)} is no IPv4 CIDR`,
        "write one such as 203.0.113.0/24",
      );
    }
  });
  let settingCount = 0;
  spec.matches?.forEach((match, index) => {
    const path = `spec.matches[${index}]`;
    const apiGroup: string = match.apiGroup;
    const kind: string = match.kind;
    if (apiGroup === routeGroups) {
      if (kind !== "HTTPRouteGroup") {
        report.error(
          "egress-match",
          `${path}.kind`,
          `there is no ${kind} of ${apiGroup} here`,
          "write HTTPRouteGroup",
          "webhook",
        );
      } else if (around.complete && around.find("HTTPRouteGroup", namespace, match.name) === undefined) {
        report.error(
          "missing-route-group",
          `${path}.name`,
          `there is no HTTPRouteGroup ${match.name} in namespace ${namespace}`,
          "add it, or name one of this namespace",
        );
      }
    } else if (apiGroup === settings) {
      if (kind !== "UpstreamTrafficSetting") {
        report.error(
          "egress-match",
          `${path}.kind`,
          `there is no ${kind} of ${apiGroup} here`,
          "write UpstreamTrafficSetting",
          "webhook",
        );
        return;
      }
      settingCount += 1;
      if (settingCount === 2) {
        report.error("egress-settings", path, "a second UpstreamTrafficSetting", "keep one", "webhook");
      }
      if (around.complete && around.find("UpstreamTrafficSetting", namespace, match.name) === undefined) {
        report.error(
          "missing-setting",
          `${path}.name`,
          `there is no UpstreamTrafficSetting ${match.name} in namespace ${namespace}, and OSM then ignores the whole Egress`,
          "add it, or name one of this namespace",
        );
      }
    } else {
      report.error(
        "egress-match",
        `${path}.apiGroup`,
        `OSM does not know the group ${JSON.stringify(apiGroup)}`,
        `write ${routeGroups} for an HTTPRouteGroup or ${settings} for an UpstreamTrafficSetting, version included`,
        "webhook",
      );
    }
  });
  if (around.egress === true) {
    report.warning(
      "egress-open-mesh",
      "spec",
      "mesh-wide egress is on (enableEgress), so everything passes with or without this object",
      "turn enableEgress off",
    );
  }
}
