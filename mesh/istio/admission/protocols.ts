import { type Report } from "../../analysis/object-report";
import { didYouMean } from "../../manifests/near-names";

/** Protocols that Istio knows, in any case (pkg/config/protocol); without one the port's name tells. */
const protocols = [
  "HTTP",
  "HTTPS",
  "HTTP2",
  "HTTP_PROXY",
  "GRPC",
  "GRPC-WEB",
  "TCP",
  "TLS",
  "UDP",
  "MONGO",
  "REDIS",
  "MYSQL",
];

/** Protocols of ports that Istio does not know. */
export function checkProtocols(
  ports: readonly { readonly protocol?: string }[],
  pathOf: (index: number) => string,
  report: Report,
): void {
  ports.forEach(({ protocol = "" }, index) => {
    if (protocol === "" || protocols.includes(protocol.toUpperCase())) return;
    const remedy = ["SSL", "MTLS"].includes(protocol.toUpperCase())
      ? "write TLS, or HTTPS"
      : (didYouMean(protocol, protocols) ?? `write one of ${protocols.slice(0, 9).join(", ")}`);
    report.error(
      "port-protocol",
      pathOf(index),
      `Istio knows no protocol ${JSON.stringify(protocol)}`,
      remedy,
      "webhook",
    );
  });
}
