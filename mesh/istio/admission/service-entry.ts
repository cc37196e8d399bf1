import { type Report } from "../../analysis/object-report";
import { type ServiceEntry } from "../kinds";
import { checkEndpoints } from "./endpoints";
import { checkExportTo } from "./export-to";
import { isAddressOrRange, isLabel, isPort, nameFault } from "./names";
import { checkProtocols } from "./protocols";
import { refusing } from "./webhook";

/** What istiod's webhook refuses of a ServiceEntry (pkg/config/validation, ValidateServiceEntry). */
export function checkServiceEntry({ kind, metadata, spec }: ServiceEntry, report: Report): void {
  const refuse = refusing(report);
  const { hosts, addresses = [], ports = [], resolution = "NONE", endpoints, workloadSelector, exportTo = [] } = spec;
  if (workloadSelector !== undefined && endpoints !== undefined) {
    refuse("entry-endpoints", "spec.endpoints", "is there beside workloadSelector", "keep one of them");
  }
  hosts.forEach((host, index) => {
    const fault = host === "*" ? '"*" stands for every name' : nameFault(host, true);
    if (fault !== undefined)
      refuse("entry-host", `spec.hosts[${String(index)}]`, fault, "write a name, or a pattern such as *.example.com");
  });
  addresses.forEach((address, index) => {
    const path = `spec.addresses[${String(index)}]`;
    if (!isAddressOrRange(address))
      refuse(
        "entry-address",
        path,
        `${JSON.stringify(address)} is no address and no range`,
        "write 203.0.113.7, or 203.0.113.0/24",
      );
    else if (address.includes("/") && resolution !== "NONE" && resolution !== "STATIC")
      refuse(
        "entry-address",
        path,
        `is a range, and resolution is ${resolution}`,
        "write resolution NONE or STATIC, or single addresses",
      );
  });
  ports.forEach(({ name, number, protocol = "" }, index) => {
    const path = `spec.ports[${String(index)}]`;
    const before = ports.slice(0, index);
    if (!isLabel(name))
      refuse("entry-port", `${path}.name`, `${JSON.stringify(name)} is no name`, "write letters, digits and dashes");
    if (!isPort(number)) refuse("entry-port", `${path}.number`, `${String(number)} is no port`, "write 1 to 65535");
    if (resolution === "DYNAMIC_DNS" && !lookedUp.has(protocol.toUpperCase()))
      refuse(
        "entry-port",
        `${path}.protocol`,
        "goes with no names that are looked up as they are called",
        "write HTTP, HTTP2, GRPC or TLS",
      );
    if (before.some((one) => one.name === name))
      refuse(
        "entry-port",
        `${path}.name`,
        `${JSON.stringify(name)} is there twice`,
        "give each port a name of its own",
      );
    if (before.some((one) => one.number === number))
      refuse("entry-port", `${path}.number`, `${String(number)} is there twice`, "keep one of them");
  });
  const isTold = ports.every(({ protocol = "" }) => protocols.has(protocol.toUpperCase()));
  if (resolution !== "NONE" && hosts.length > 1 && !isTold) {
    refuse(
      "entry-host",
      "spec.hosts",
      "has several names, and a port is neither HTTP nor TLS",
      "write an entry for each name",
    );
  }
  checkEndpoints(spec, refuse);
  checkProtocols(ports, (index) => `spec.ports[${String(index)}].protocol`, report);
  checkExportTo({ kind, namespace: metadata.namespace ?? "" }, exportTo, refuse);
}

/** Protocols of which Envoy looks up the name that a call tells. */
const lookedUp: ReadonlySet<string> = new Set(["HTTP", "HTTP2", "GRPC", "TLS"]);

/** Protocols by which calls tell the name that they are for. */
const protocols: ReadonlySet<string> = new Set(["HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB", "HTTPS", "TLS"]);
