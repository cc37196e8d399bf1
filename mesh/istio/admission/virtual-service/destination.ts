import { type Report } from "../../../analysis/object-report";
import { type Destination, type RouteDestination } from "../../kinds";
import { isLabel, isPort, nameFault } from "../names";
import { type Refuse, refusing } from "../webhook";

const check = "route-destination";

/** What istiod's webhook refuses of where calls go (pkg/config/validation, validateDestination). */
export function checkDestination({ host, subset = "", port }: Destination, path: string, refuse: Refuse): void {
  const fault = host === "*" ? '"*" stands for every name' : nameFault(host, true);
  if (fault !== undefined) refuse(check, `${path}.host`, fault, "write the name of a Service or of a ServiceEntry");
  if (subset !== "" && !isLabel(subset))
    refuse(
      check,
      `${path}.subset`,
      `${JSON.stringify(subset)} is no name`,
      "write the name of a DestinationRule's subset",
    );
  if (port === undefined) return;
  const { number = 0 } = port;
  if (!isPort(number))
    refuse(check, `${path}.port.number`, `${String(number)} is no port`, "write 1 to 65535, or take port out");
}

/** What istiod's webhook refuses of the shares of calls, and shares that read as percents and are none. */
export function checkShares(shares: readonly RouteDestination[], path: string, report: Report): void {
  const refuse = refusing(report);
  shares.forEach(({ destination }, index) =>
    checkDestination(destination, `${path}[${String(index)}].destination`, refuse),
  );
  const weights = shares.map(({ weight = 0 }) => weight);
  if (weights.some((weight) => weight < 0)) {
    refuse("route-weights", path, "has a negative weight", "write 0 or more");
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (shares.length < 2) return;
  if (total === 0) {
    refuse("route-weights", path, "has weights that add up to 0", "give one of them a weight");
  } else if (total !== 100) {
    report.warning(
      "route-weights",
      path,
      `has weights that add up to ${String(total)}: they are shares of that`,
      "let them add up to 100, so that they read as percents",
    );
  }
}
