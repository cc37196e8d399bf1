import { type OutlierDetection } from "../kinds";
import { checkDuration } from "./durations";
import { type Refuse } from "./webhook";

/** What istiod's webhook refuses of how failing pods are left out (pkg/config/validation, validateOutlierDetection). */
export function checkOutlierDetection(outlier: OutlierDetection | undefined, path: string, refuse: Refuse): void {
  if (outlier === undefined) return;
  const { consecutiveLocalOriginFailures, splitExternalLocalOriginErrors } = outlier;
  checkDuration(outlier.baseEjectionTime, `${path}.baseEjectionTime`, refuse);
  checkDuration(outlier.interval, `${path}.interval`, refuse);
  if ((consecutiveLocalOriginFailures ?? 0) > 0 && splitExternalLocalOriginErrors !== true)
    refuse(
      "outlier-detection",
      `${path}.consecutiveLocalOriginFailures`,
      "is there, and splitExternalLocalOriginErrors is not true",
      "write splitExternalLocalOriginErrors: true, or consecutive5xxErrors instead",
    );
  for (const field of ["maxEjectionPercent", "minHealthPercent"] as const) {
    const percent = outlier[field] ?? 0;
    if (percent < 0 || percent > 100)
      refuse("outlier-detection", `${path}.${field}`, `${String(percent)} is no share`, "write 0 to 100");
  }
}
