import { type Failover, type LocalitySetting, type ZoneAwareSetting } from "../kinds";
import { type Refuse } from "./webhook";

/** Labels of nodes by which Istio orders places itself. */
const placeLabels = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

/** What istiod's webhook refuses of shares and failover by place (pkg/config/validation/agent, ValidateLocalityLbSetting). */
export function checkLocalitySetting(setting: LocalitySetting | undefined, path: string, refuse: Refuse): void {
  if (setting === undefined) return;
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0 && failover.length > 0)
    refuse(
      "locality",
      `${path}.failover`,
      "is there beside distribute",
      "keep one of them: shares say where calls go in any case",
    );
  if (failover.length > 0) checkPriority(failoverPriority, `${path}.failoverPriority`, "beside failover", refuse);
  checkFailover(failover, `${path}.failover`, refuse);
  checkPlaces(
    distribute.map(({ from = "" }) => from),
    (index) => `${path}.distribute[${String(index)}].from`,
    refuse,
  );
  distribute.forEach(({ to = {} }, index) => {
    const place = `${path}.distribute[${String(index)}].to`;
    const weights = Object.entries(to);
    const sum = weights.reduce((total, [, weight]) => total + weight, 0);
    if (sum !== 100)
      refuse("locality", place, `adds up to ${String(sum)}`, "write the shares of each place in percent, 100 in all");
    for (const [name, weight] of weights)
      if (weight === 0)
        refuse("locality", `${place}[${JSON.stringify(name)}]`, "is 0", "take the place out: it gets no calls");
    checkShares(
      weights.map(([name]) => name),
      place,
      refuse,
    );
  });
}

/** What istiod's webhook refuses of zones that keep their calls (pkg/config/validation/agent, ValidateZoneAwareLbSetting). */
export function checkZoneAwareSetting(setting: ZoneAwareSetting | undefined, path: string, refuse: Refuse): void {
  const { failover = [], failoverPriority = [] } = setting ?? {};
  checkPriority(failoverPriority, `${path}.failoverPriority`, "of zones that keep their calls", refuse);
  checkFailover(failover, `${path}.failover`, refuse);
}

function checkPriority(labels: readonly string[], path: string, where: string, refuse: Refuse): void {
  labels.forEach((label, index) => {
    if (placeLabels.includes(label))
      refuse(
        "locality",
        `${path}[${String(index)}]`,
        `${label} is there ${where}`,
        "take it out: the order of regions and zones is given already",
      );
  });
}

function checkFailover(failover: readonly Failover[], path: string, refuse: Refuse): void {
  failover.forEach(({ from = "", to = "" }, index) => {
    const place = `${path}[${String(index)}]`;
    if (from === to)
      refuse("locality", place, `goes from ${JSON.stringify(from)} to itself`, "write two regions that differ");
    for (const [field, region] of Object.entries({ from, to }))
      if (/[/*]/.test(region))
        refuse(
          "locality",
          `${place}.${field}`,
          `${JSON.stringify(region)} is no region`,
          "write the name of a region alone, without zone or *",
        );
  });
}

/** Where calls come from: a place is in no other that is before it. */
function checkPlaces(places: readonly string[], pathOf: (index: number) => string, refuse: Refuse): void {
  places.forEach((place, index) => {
    const wrong = placeFault(place);
    if (wrong !== undefined) refuse("locality", pathOf(index), wrong, placeRemedy);
    const other = places.slice(0, index).find((before) => isTaken(place, before));
    if (other !== undefined)
      refuse(
        "locality",
        pathOf(index),
        `${JSON.stringify(place)} is in ${JSON.stringify(other)} before it`,
        orderRemedy,
      );
  });
}

/** Where calls go: a map has no order, and what istiod says of places within each other is one thing now, and another then. */
function checkShares(places: readonly string[], path: string, refuse: Refuse): void {
  places.forEach((place, index) => {
    const wrong = placeFault(place);
    if (wrong !== undefined) refuse("locality", path, wrong, placeRemedy);
    const other = places.find((one, at) => at < index && (isTaken(place, one) || isTaken(one, place)));
    if (other !== undefined)
      refuse(
        "locality",
        path,
        `has ${JSON.stringify(other)} and ${JSON.stringify(place)}, one within the other`,
        "write places that have nothing in common",
      );
  });
}

const placeRemedy = "write REGION, REGION/ZONE or REGION/ZONE/SUBZONE, with * for all of a place as its last part";
const orderRemedy = "take it out, or put it first";

function placeFault(place: string): string | undefined {
  const text = JSON.stringify(place);
  if (/\*./.test(place)) return `${text} has a * that is not at its end`;
  return partsOf(place).includes("") ? `${text} has an empty part` : undefined;
}

/** Whether a place has calls that another, which comes first, has taken. One that ends in a star may have more than those. */
function isTaken(place: string, before: string): boolean {
  const first = partsOf(before);
  const differs = partsOf(place).findIndex((part, index) => part !== first[index]);
  return differs < 0 || (first[differs] ?? "*") === "*";
}

/** Region, zone and subzone, as far as they are there. */
function partsOf(place: string): readonly string[] {
  const [region = "", zone, ...subzone] = place.split("/");
  return [region, ...(zone === undefined ? [] : [zone]), ...(subzone.length > 0 ? [subzone.join("/")] : [])];
}
