import { type ConsistentHash, type LoadBalancer } from "../kinds";
import { checkDuration } from "./durations";
import { checkLocalitySetting, checkZoneAwareSetting } from "./localities";
import { type Refuse } from "./webhook";

/** What istiod's webhook refuses of how calls are spread over pods (pkg/config/validation, validateLoadBalancer). */
export function checkLoadBalancer(settings: LoadBalancer | undefined, path: string, refuse: Refuse): void {
  if (settings === undefined) return;
  const { consistentHash, localityLbSetting, zoneAwareLbSetting, warmup } = settings;
  checkConsistentHash(consistentHash, `${path}.consistentHash`, refuse);
  if (localityLbSetting !== undefined && zoneAwareLbSetting !== undefined)
    refuse(
      "load-balancer",
      `${path}.zoneAwareLbSetting`,
      "is there beside localityLbSetting",
      "keep one of them: each has an order of places of its own",
    );
  checkLocalitySetting(localityLbSetting, `${path}.localityLbSetting`, refuse);
  checkZoneAwareSetting(zoneAwareLbSetting, `${path}.zoneAwareLbSetting`, refuse);
  checkDuration(warmup?.duration, `${path}.warmup.duration`, refuse);
  if (warmup?.aggression === 0)
    refuse("load-balancer", `${path}.warmup.aggression`, "is 0", "write more than 0, or take it out: 1 is the default");
}

/** Envoy's table of hashes is smaller than this. */
const largestTable = 5_000_011;

function checkConsistentHash(hash: ConsistentHash | undefined, path: string, refuse: Refuse): void {
  if (hash === undefined) return;
  const { httpCookie, maglev, ringHash, minimumRingSize = 0 } = hash;
  const { attributes = [] } = httpCookie ?? {};
  if (httpCookie?.name === "")
    refuse("consistent-hash", `${path}.httpCookie.name`, "is empty", "write the name of the cookie");
  const names = attributes.map(({ name }) => name);
  names.forEach((name, index) => {
    const place = `${path}.httpCookie.attributes[${String(index)}].name`;
    if (name === "") refuse("consistent-hash", place, "is empty", "write the name of an attribute, such as SameSite");
    else if (names.indexOf(name) < index)
      refuse("consistent-hash", place, `${JSON.stringify(name)} is there twice`, "keep one of them");
  });
  if (minimumRingSize !== 0 && (ringHash !== undefined || maglev !== undefined))
    refuse(
      "consistent-hash",
      `${path}.minimumRingSize`,
      `is there beside ${ringHash === undefined ? "maglev" : "ringHash"}`,
      "write ringHash.minimumRingSize instead, or take it out",
    );
  const { tableSize = 0 } = maglev ?? {};
  if (maglev !== undefined && !(tableSize < largestTable && isTableSize(tableSize)))
    refuse(
      "consistent-hash",
      `${path}.maglev.tableSize`,
      maglev.tableSize === undefined
        ? "is missing"
        : `${String(tableSize)} is no prime number below ${String(largestTable)}`,
      "write one, such as 65537",
    );
}

/** A prime number, or 1: Envoy takes it for one. */
function isTableSize(size: number): boolean {
  if (size < 4) return size > 0;
  for (let factor = 2; factor * factor <= size; factor += 1) if (size % factor === 0) return false;
  return true;
}
