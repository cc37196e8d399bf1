import { type Report } from "../../analysis/object-report";

/** Notes that istiod's webhook refuses an object. */
export type Refuse = (check: string, path: string, problem: string, remedy: string) => void;

export function refusing(report: Report): Refuse {
  return (check, path, problem, remedy) => report.error(check, path, problem, remedy, "webhook");
}
