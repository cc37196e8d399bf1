import { type ServiceEntrySpec, type WorkloadEntrySpec } from "../kinds";
import { checkLabels } from "./labels";
import { isAddress, isLabel, isPort, nameFault } from "./names";
import { isSocketPath, socketPath } from "./unix-socket";
import { type Refuse } from "./webhook";

/** What the CustomResourceDefinition and istiod's webhook refuse of a ServiceEntry's endpoints: what goes with how addresses are found. */
export function checkEndpoints(spec: ServiceEntrySpec, refuse: Refuse): void {
  const { resolution = "NONE", endpoints = [] } = spec;
  endpoints.forEach((endpoint, index) => {
    const path = `spec.endpoints[${String(index)}]`;
    checkEndpoint(endpoint, path, refuse);
    if (resolution === "STATIC") checkStatic(endpoint, spec, path, refuse);
    if (resolution === "DNS" || resolution === "DNS_ROUND_ROBIN") checkLookedUp(endpoint, spec, path, refuse);
  });
  switch (resolution) {
    case "STATIC":
      break;
    case "NONE":
      if (spec.endpoints !== undefined)
        refuse(
          "entry-endpoints",
          "spec.endpoints",
          "is there, and resolution is NONE",
          "write resolution STATIC or DNS, or take it out",
        );
      break;
    case "DYNAMIC_DNS":
      checkDynamic(spec, refuse);
      break;
    case "DNS":
    case "DNS_ROUND_ROBIN":
      checkNames(spec, refuse);
  }
}

/** Names that are looked up as they are called. */
function checkDynamic({ hosts, addresses = [], endpoints = [] }: ServiceEntrySpec, refuse: Refuse): void {
  if (!hosts.every((host) => host.startsWith("*")))
    refuse(
      "entry-host",
      "spec.hosts",
      "has a name without a star, and resolution is DYNAMIC_DNS",
      "write patterns alone, or resolution DNS",
    );
  const beside = "is there, and resolution is DYNAMIC_DNS";
  if (addresses.length > 0) refuse("entry-address", "spec.addresses", beside, "take it out");
  if (endpoints.length > 0) refuse("entry-endpoints", "spec.endpoints", beside, "take it out");
}

/** Names that are looked up. */
function checkNames({ hosts, resolution, endpoints = [] }: ServiceEntrySpec, refuse: Refuse): void {
  const pattern = endpoints.length > 0 ? undefined : hosts.find((host) => nameFault(host, false) !== undefined);
  if (pattern !== undefined)
    refuse(
      "entry-host",
      "spec.hosts",
      `has ${JSON.stringify(pattern)}, which nobody can look up, and there are no endpoints`,
      "write names, endpoints, or resolution NONE",
    );
  if (resolution === "DNS_ROUND_ROBIN" && endpoints.length > 1)
    refuse(
      "entry-endpoints",
      "spec.endpoints",
      "are several, and resolution is DNS_ROUND_ROBIN",
      "keep one, or write resolution DNS",
    );
}

/** What holds however addresses are found. */
function checkEndpoint({ address = "", network, ports }: WorkloadEntrySpec, path: string, refuse: Refuse): void {
  const file = socketPath(address);
  if (address === "" && network === undefined)
    refuse("entry-endpoints", `${path}.address`, "is missing", "write an address, or a name that is looked up");
  if (file === undefined) return;
  if (!isSocketPath(file))
    refuse("entry-endpoints", `${path}.address`, `${JSON.stringify(address)} is no file`, "write unix:///PATH");
  if (ports !== undefined)
    refuse("entry-endpoints", `${path}.ports`, "is there beside a socket, which has none", "take it out");
}

function checkStatic(endpoint: WorkloadEntrySpec, spec: ServiceEntrySpec, path: string, refuse: Refuse): void {
  const { address = "" } = endpoint;
  const isSocket = socketPath(address) !== undefined;
  if (address !== "" && !isSocket && !isAddress(address))
    refuse(
      "entry-endpoints",
      `${path}.address`,
      `${JSON.stringify(address)} is no address, and resolution is STATIC`,
      "write an address, or resolution DNS",
    );
  if (isSocket && new Set((spec.ports ?? []).map(({ name }) => name)).size !== 1)
    refuse("entry-endpoints", `${path}.address`, "is a socket, which is for one port", "keep one of spec.ports");
  checkPorts(endpoint, spec, path, refuse);
}

function checkLookedUp(endpoint: WorkloadEntrySpec, spec: ServiceEntrySpec, path: string, refuse: Refuse): void {
  const { address = "" } = endpoint;
  if (!isAddress(address) && nameFault(address, false) !== undefined)
    refuse(
      "entry-endpoints",
      `${path}.address`,
      `${JSON.stringify(address)} is no address and no name`,
      "write an address, or a name that is looked up",
    );
  checkPorts(endpoint, spec, path, refuse);
}

/** Ports that endpoints have for those of the ServiceEntry. */
function checkPorts(
  { ports = {}, labels = {} }: WorkloadEntrySpec,
  spec: ServiceEntrySpec,
  path: string,
  refuse: Refuse,
): void {
  const names = (spec.ports ?? []).map(({ name }) => name);
  for (const [name, port] of Object.entries(ports)) {
    const place = `${path}.ports.${name}`;
    if (!names.includes(name))
      refuse(
        "entry-endpoints",
        place,
        "is the name of no port of the ServiceEntry",
        names.length === 0 ? "take it out" : `write one of ${names.join(", ")}`,
      );
    else if (!isLabel(name) || !isPort(port))
      refuse("entry-endpoints", place, `${String(port)} is no port`, "write 1 to 65535");
  }
  checkLabels(labels, `${path}.labels`, refuse);
}
