import { type VirtualServiceSpec } from "../../kinds";
import { isLabel, nameFault } from "../names";
import { type Refuse } from "../webhook";

/** Whether sidecars read a VirtualService: `mesh` stands for all of them, and is what leaving gateways out means. */
export function isForSidecars({ gateways = [] }: VirtualServiceSpec): boolean {
  return gateways.length === 0 || gateways.includes("mesh");
}

/**
 * What istiod's webhook refuses of the names of Gateways (pkg/config/validation, validateGatewayNames). It looks at none beyond the first without a
 * namespace, as `mesh` is.
 */
export function checkGatewayNames(names: readonly string[], path: string, refuse: Refuse): void {
  const short = names.findIndex((name) => !name.includes("/"));
  const read = short < 0 ? names : names.slice(0, short + 1);
  read.forEach((name, index) => {
    const place = `${path}[${String(index)}]`;
    const remedy = "write mesh, or NAMESPACE/GATEWAY";
    if (index === short) {
      const fault = nameFault(name, false);
      if (fault !== undefined) refuse("route-gateway", place, fault, remedy);
      return;
    }
    const slash = name.indexOf("/");
    const wrong = [name.slice(0, slash), name.slice(slash + 1)].find((part) => !isLabel(part));
    if (wrong !== undefined)
      refuse(
        "route-gateway",
        place,
        `${JSON.stringify(name)} has the part ${JSON.stringify(wrong)}, which is no name`,
        remedy,
      );
  });
}
