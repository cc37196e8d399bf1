import { type Report } from "../../analysis/object-report";
import { type Sidecar } from "../kinds";
import { isLabel, isPartialWildcard, isPort, nameFault } from "./names";
import { checkProtocols } from "./protocols";
import { type Refuse, refusing } from "./webhook";

/** What istiod's webhook refuses of a Sidecar (pkg/config/validation, ValidateSidecar). */
export function checkSidecar({ spec }: Sidecar, report: Report): void {
  const refuse = refusing(report);
  const { ingress = [], egress = [], outboundTrafficPolicy } = spec;
  if (
    ingress.length + egress.length === 0 &&
    outboundTrafficPolicy === undefined &&
    !Object.hasOwn(spec, "inboundConnectionPool")
  ) {
    refuse("sidecar-empty", "spec", "says nothing", "write egress, ingress or outboundTrafficPolicy");
  }
  const ports = egress.map(({ port }) => port?.number);
  egress.forEach(({ port, bind, hosts }, index) => {
    const path = `spec.egress[${String(index)}]`;
    if (port === undefined) {
      if (index < egress.length - 1)
        refuse(
          "sidecar-port",
          path,
          "has no port, and is not the last",
          "put it last: it is for all ports that no other has",
        );
    } else if (!isPort(port.number) && bind === undefined)
      refuse("sidecar-port", `${path}.port.number`, `${String(port.number)} is no port`, "write 1 to 65535");
    else if (ports.indexOf(port.number) < index)
      refuse(
        "sidecar-port",
        `${path}.port.number`,
        `${String(port.number)} is there twice`,
        "put the hosts of one port together",
      );
    if (hosts.length === 0)
      refuse("sidecar-host", `${path}.hosts`, "is empty", "write NAMESPACE/HOST, or ~/* for nothing");
    hosts.forEach((host, at) => checkHost(host, `${path}.hosts[${String(at)}]`, refuse));
  });
  checkProtocols(
    egress.map(({ port }) => port ?? {}),
    (index) => `spec.egress[${String(index)}].port.protocol`,
    report,
  );
}

/** Hosts of a Sidecar have a namespace before them, `~` before it to leave them out (agent.ValidateNamespaceSlashWildcardHostname). */
function checkHost(host: string, path: string, refuse: Refuse): void {
  const slash = host.indexOf("/");
  const [written, name] = [host.slice(0, Math.max(slash, 0)), host.slice(slash + 1)];
  if (written === "" || name === "") {
    refuse(
      "sidecar-host",
      path,
      `${JSON.stringify(host)} is not NAMESPACE/HOST`,
      "write ./HOST for one of the own namespace, */HOST for one of any",
    );
    return;
  }
  const space = written.replace(/^~/, "");
  if (space !== "" && space !== "*" && space !== "." && !isLabel(space)) {
    refuse(
      "sidecar-host",
      path,
      `${JSON.stringify(written)} is no namespace`,
      "write a namespace, . for the own one, or *",
    );
  }
  const fault = nameFault(name, true);
  if (name !== "*" && !name.includes("."))
    refuse(
      "sidecar-host",
      path,
      `${JSON.stringify(name)} is a short name`,
      "write the full name, such as cart.shop.svc.cluster.local",
    );
  else if (fault !== undefined)
    refuse("sidecar-host", path, fault, "write the full name of a Service, * or a pattern such as *.example.com");
  else if (isPartialWildcard(name))
    refuse(
      "sidecar-host",
      path,
      `${JSON.stringify(name)} has a star for less than whole parts of a name`,
      "write * or a pattern such as *.example.com",
    );
}
