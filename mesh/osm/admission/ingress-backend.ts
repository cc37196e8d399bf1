import { type IngressBackend } from "../kinds";
import { type Surroundings } from "./context";
import { type Report } from "../../analysis/object-report";
import { isIpv4Cidr, looksLikeIpv6Cidr } from "./values";

/** Checks an IngressBackend by itself. */
export function checkIngressBackend({ metadata, spec }: IngressBackend, around: Surroundings, report: Report): void {
  const { namespace } = metadata;
  const principals = spec.sources.some(({ kind }) => kind === "AuthenticatedPrincipal");
  const seen = new Set<string>();
  if (spec.backends.length === 0) {
    report.error("ingress-backends", "spec.backends", "there are no backends, so it lets nothing in", "name a Service");
  }
  if (spec.sources.length === 0) {
    report.warning(
      "ingress-sources",
      "spec.sources",
      "without sources any address may come in",
      "name the ingress controller's Service",
    );
  }
  spec.backends.forEach(({ name, port, tls }, index) => {
    const path = `spec.backends[${index}]`;
    const key = `${name} ${port.number}`;
    if (seen.has(key)) {
      report.error(
        "ingress-duplicate",
        path,
        `backend ${name} with port ${port.number} stands here twice`,
        "name each backend and port once",
        "webhook",
      );
    }
    seen.add(key);
    if (!around.hasService(namespace, name)) {
      report.error(
        "missing-service",
        `${path}.name`,
        `there is no Service ${name} in namespace ${namespace}`,
        "add it, or name one of this namespace",
      );
    }
    switch (port.protocol.toLowerCase()) {
      case "http":
        return;
      case "https":
        if (principals) {
          return;
        }
        report.error(
          "ingress-principal",
          "spec.sources",
          `backend ${name} is https, and without an AuthenticatedPrincipal every client certificate of the mesh's authority passes`,
          "add a source of kind AuthenticatedPrincipal with the client certificate's name",
          tls?.skipClientCertValidation === true ? "webhook" : "nobody",
        );
        return;
      default:
        report.error(
          "ingress-protocol",
          `${path}.port.protocol`,
          `ingress has no protocol ${JSON.stringify(port.protocol)}`,
          "write http or https",
          "webhook",
        );
    }
  });
  spec.sources.forEach((source, index) => checkSource(source, `spec.sources[${index}]`, report));
}

/** Checks one source. Kinds and names come from files, so they may be anything. */
function checkSource(source: { kind: string; name: string; namespace?: string }, path: string, report: Report): void {
  switch (source.kind) {
    case "Service":
      if (source.name === "") {
        report.error(
          "ingress-source",
          `${path}.name`,
          "the Service has no name",
          "name the ingress controller's Service",
          "webhook",
        );
      }
      if (source.namespace === undefined || source.namespace === "") {
        report.error(
          "ingress-source",
          `${path}.namespace`,
          `the Service ${source.name} has no namespace`,
          "name the namespace of the ingress controller's Service",
          "webhook",
        );
      }
      return;
    case "AuthenticatedPrincipal":
      if (source.name === "") {
        report.error(
          "ingress-source",
          `${path}.name`,
          "the principal has no name",
          "name the certificate's subject alternative name",
          "webhook",
        );
      }
      return;
    case "IPRange":
      if (isIpv4Cidr(source.name)) {
        return;
      }
      if (looksLikeIpv6Cidr(source.name)) {
        report.warning(
          "cidr",
          `${path}.name`,
          `${source.name} is IPv6, and the mesh speaks IPv4`,
          "write an IPv4 CIDR",
        );
        return;
      }
      report.error(
        "cidr",
        `${path}.name`,
        `${JSON.stringify(source.name)} is no CIDR`,
        "write one such as 10.0.0.0/16",
        "webhook",
      );
      return;
    default:
      report.error(
        "ingress-source",
        `${path}.kind`,
        `ingress cannot come from a ${JSON.stringify(source.kind)}`,
        "write Service, AuthenticatedPrincipal or IPRange",
        "webhook",
      );
  }
}
