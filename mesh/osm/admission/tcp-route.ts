import { type TCPRoute } from "../kinds";
import { type Report } from "../../analysis/object-report";
import { isPort } from "./values";

/** Checks a TCPRoute. */
export function checkTcpRoute({ spec }: TCPRoute, report: Report): void {
  const { ports } = spec.matches;
  if (ports.length === 0) {
    report.warning(
      "tcp-ports",
      "spec.matches.ports",
      "without ports the route opens every TCP port of the destination",
      "name the pods' ports",
    );
  }
  ports.forEach((port, index) => {
    const path = `spec.matches.ports[${index}]`;
    if (!isPort(port)) {
      report.error(
        "tcp-port",
        path,
        `${port} is no port, and OSM would cut it to 16 bits`,
        "write 1 to 65535, a port of the pods (targetPort)",
      );
    } else if (ports.indexOf(port) < index) {
      report.warning("tcp-port-duplicate", path, `port ${port} is named twice`, "name it once");
    }
  });
}
