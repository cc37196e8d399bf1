import { checkLabels } from "../labels";
import { isPort } from "../names";
import { type Refuse } from "../webhook";
import { checkGatewayNames } from "./gateway-names";

/** What conditions on requests and on connections have in common. */
interface Source {
  readonly port?: number;
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly gateways?: readonly string[];
}

/** What istiod's webhook refuses of the port that is called, and of who calls. */
export function checkSource(
  { port = 0, sourceLabels = {}, gateways = [] }: Source,
  path: string,
  refuse: Refuse,
): void {
  if (port !== 0 && !isPort(port))
    refuse("route-match", `${path}.port`, `${String(port)} is no port`, "write 1 to 65535, or take it out");
  checkLabels(sourceLabels, `${path}.sourceLabels`, refuse);
  checkGatewayNames(gateways, `${path}.gateways`, refuse);
}
