import { type MeshConfig } from "../kinds";
import { type Report } from "../../analysis/object-report";
import { durationSeconds } from "../../policy/duration";
import { isIpv4Cidr } from "./values";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "panic", "disabled"];

/** Ports of the sidecar itself: they can be excluded from nothing. */
const reservedPorts = [15000, 15001, 15003, 15010, 15901, 15902, 15903, 15904];

/** Checks a MeshConfig. */
export function checkMeshConfig({ metadata, spec }: MeshConfig, report: Report): void {
  const { traffic, certificate, observability, sidecar } = spec;
  if (metadata.name !== "osm-mesh-config") {
    report.error("config-name", "metadata.name", `OSM reads no MeshConfig ${metadata.name}`, "write osm-mesh-config");
  }
  for (const key of ["outboundIPRangeExclusionList", "outboundIPRangeInclusionList"] as const) {
    traffic?.[key]?.forEach((range, index) => {
      if (!isIpv4Cidr(range)) {
        report.error(
          "cidr",
          `spec.traffic.${key}[${index}]`,
          `${JSON.stringify(range)} is no IPv4 CIDR`,
          "write one such as 10.0.0.0/16",
        );
      }
    });
  }
  for (const key of ["outboundPortExclusionList", "inboundPortExclusionList"] as const) {
    traffic?.[key]?.forEach((port, index) => {
      if (reservedPorts.includes(port)) {
        report.error(
          "reserved-port",
          `spec.traffic.${key}[${index}]`,
          `port ${port} is the sidecar's own`,
          "leave it out",
        );
      }
    });
  }
  const authorization = traffic?.inboundExternalAuthorization;
  if (authorization?.enable === true && (authorization.address ?? "") === "") {
    report.error(
      "authorization-address",
      "spec.traffic.inboundExternalAuthorization.address",
      "is missing",
      "name the host that decides",
    );
  }
  const durations: [string, string | undefined, number][] = [
    ["spec.traffic.inboundExternalAuthorization.timeout", authorization?.timeout, 0.001],
    ["spec.certificate.serviceCertValidityDuration", certificate?.serviceCertValidityDuration, 60],
    ["spec.certificate.ingressGateway.validityDuration", certificate?.ingressGateway?.validityDuration, 60],
    ["spec.sidecar.configResyncInterval", sidecar?.configResyncInterval, 0],
  ];
  for (const [path, text, least] of durations) {
    const seconds = text === undefined ? undefined : durationSeconds(text);
    if (text !== undefined && (seconds === undefined || seconds < least)) {
      report.error(
        "duration",
        path,
        `${JSON.stringify(text)} is no duration of at least ${least} s`,
        "write one such as 24h or 90m (Go has no days)",
      );
    }
  }
  const bits = certificate?.certKeyBitSize;
  if (bits !== undefined && (bits < 2048 || bits > 4096)) {
    report.error(
      "key-size",
      "spec.certificate.certKeyBitSize",
      `OSM takes ${bits} bits for 2048`,
      "write 2048 to 4096",
    );
  }
  const port = observability?.tracing?.port;
  if (port !== undefined && (port < 1 || port > 32767)) {
    report.error(
      "tracing-port",
      "spec.observability.tracing.port",
      `${port} does not fit OSM's signed 16-bit number`,
      "write 1 to 32767",
    );
  }
  const level = observability?.osmLogLevel;
  if (level !== undefined && !logLevels.includes(level)) {
    report.error(
      "log-level",
      "spec.observability.osmLogLevel",
      `OSM has no log level ${JSON.stringify(level)}`,
      `write one of ${logLevels.join(", ")}`,
    );
  }
  const versions = ["TLS_AUTO", "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"];
  const least = versions.indexOf(sidecar?.tlsMinProtocolVersion ?? "TLSv1_2");
  const most = versions.indexOf(sidecar?.tlsMaxProtocolVersion ?? "TLSv1_3");
  if (most > 0 && least > most) {
    report.error(
      "tls-versions",
      "spec.sidecar.tlsMinProtocolVersion",
      "is above tlsMaxProtocolVersion",
      "lower it, or raise the other",
    );
  } else if (least === 1 || least === 2) {
    report.warning("tls-versions", "spec.sidecar.tlsMinProtocolVersion", "TLS below 1.2 is broken", "write TLSv1_2");
  }
  if ((sidecar?.maxDataPlaneConnections ?? 0) < 0) {
    report.error(
      "sidecar-limit",
      "spec.sidecar.maxDataPlaneConnections",
      "is negative",
      "write 0 for no limit, or more",
    );
  }
  if (traffic?.enablePermissiveTrafficPolicyMode === true) {
    report.warning(
      "permissive-mode",
      "spec.traffic.enablePermissiveTrafficPolicyMode",
      "every pod may call every other, and TrafficTargets are ignored",
      "write false once the policies stand",
    );
  }
}
