import { type HttpRoute, type Percent } from "../../kinds";
import { type Refuse } from "../webhook";
import { checkDestination } from "./destination";

/** What istiod's webhook refuses of whither copies of calls go, and how many (pkg/config/validation, validateHTTPMirrors). */
export function checkMirrors(route: HttpRoute, path: string, refuse: Refuse): void {
  // Of the two spellings the first counts.
  const { mirror, mirrors = [], mirrorPercentage, mirror_percent: older, mirrorPercent = older } = route;
  if (mirror !== undefined) checkDestination(mirror, `${path}.mirror`, refuse);
  mirrors.forEach(({ destination, percentage }, index) => {
    const place = `${path}.mirrors[${String(index)}]`;
    checkDestination(destination, `${place}.destination`, refuse);
    checkShare(percentage, `${place}.percentage.value`, refuse);
  });
  checkShare(mirrorPercentage, `${path}.mirrorPercentage.value`, refuse);
  checkShare({ value: mirrorPercent ?? 0 }, `${path}.mirrorPercent`, refuse);
}

function checkShare(share: Percent | undefined, path: string, refuse: Refuse): void {
  const { value = 0 } = share ?? {};
  if (value < 0 || value > 100)
    refuse("route-mirror", path, `${String(value)} is no share in percent`, "write 0 to 100");
}
