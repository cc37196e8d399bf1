import { isAddress, isLabel, isPartialWildcard, nameFault } from "./names";
import { type Refuse } from "./webhook";

/**
 * What istiod's webhook refuses of a host with a namespace before it, as Sidecars and Gateways have (agent.ValidateNamespaceSlashWildcardHostname).
 * Sidecars leave one out with `~` before its namespace; Gateways may do without a namespace, and be called by an address.
 */
export function checkListenerHost(host: string, of: "sidecar" | "gateway", path: string, refuse: Refuse): void {
  const check = `${of}-host`;
  const slash = host.indexOf("/");
  if (of === "gateway" && slash < 0) {
    checkName(host, of, path, refuse);
    return;
  }
  const [written, name] = [host.slice(0, Math.max(slash, 0)), host.slice(slash + 1)];
  if (written === "" || name === "") {
    refuse(
      check,
      path,
      `${JSON.stringify(host)} is not NAMESPACE/HOST`,
      "write ./HOST for one of the own namespace, */HOST for one of any",
    );
    return;
  }
  const space = of === "sidecar" ? written.replace(/^~/, "") : written;
  if (!(space === "" && of === "sidecar") && space !== "*" && space !== "." && !isLabel(space)) {
    refuse(check, path, `${JSON.stringify(written)} is no namespace`, "write a namespace, . for the own one, or *");
  }
  checkName(name, of, path, refuse);
}

function checkName(name: string, of: "sidecar" | "gateway", path: string, refuse: Refuse): void {
  const check = `${of}-host`;
  const fault = of === "gateway" && isAddress(name) ? undefined : nameFault(name, true);
  if (name !== "*" && !name.includes("."))
    refuse(
      check,
      path,
      `${JSON.stringify(name)} is a short name`,
      "write the full name, such as cart.shop.svc.cluster.local",
    );
  else if (fault !== undefined)
    refuse(check, path, fault, "write the full name of a Service, * or a pattern such as *.example.com");
  else if (isPartialWildcard(name))
    refuse(
      check,
      path,
      `${JSON.stringify(name)} has a star for less than whole parts of a name`,
      "write * or a pattern such as *.example.com",
    );
}
