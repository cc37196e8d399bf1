import { type Report } from "../../analysis/object-report";
import { patternFault } from "../../regex/pattern";
import { matchesHost } from "../host-patterns";
import { type HttpRoute, type RouteDestination, type StringMatch, type VirtualService } from "../kinds";
import { checkExportTo } from "./export-to";
import { checkHosts } from "./virtual-service-hosts";
import { refusing } from "./webhook";

/** What istiod's webhook refuses of a VirtualService (pkg/config/validation, ValidateVirtualService). */
export function checkVirtualService({ kind, metadata, spec }: VirtualService, report: Report): void {
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [], exportTo = [] } = spec;
  const refuse = refusing(report);
  if (hosts.length === 0) {
    for (const [field, list] of Object.entries({ gateways, tls, tcp })) {
      if (list.length > 0)
        refuse(
          "route-delegate",
          `spec.${field}`,
          "is there without hosts",
          "a VirtualService that others delegate to has http alone",
        );
    }
  }
  checkHosts(hosts, gateways.length === 0 || gateways.includes("mesh"), refuse);
  checkExportTo({ kind, namespace: metadata.namespace ?? "" }, exportTo, refuse);
  if (http.length + tls.length + tcp.length === 0) {
    refuse("route-empty", "spec", "has no rule", "write http, tls or tcp");
  }
  http.forEach((route, index) => checkHttpRoute(route, hosts.length === 0, `spec.http[${String(index)}]`, report));
  for (const [field, rules] of Object.entries({ tcp, tls })) {
    rules.forEach(({ route = [] }, index) => {
      const path = `spec.${field}[${String(index)}]`;
      if (route.length === 0) refuse("route-empty", path, "leads nowhere", "write route");
      checkShares(route, `${path}.route`, report);
    });
  }
  tls.forEach(({ match = [] }, index) => {
    const path = `spec.tls[${String(index)}].match`;
    if (match.length === 0) refuse("route-match", path, "is empty", "write sniHosts that it is for");
    match.forEach(({ sniHosts = [] }, at) => {
      const place = `${path}[${String(at)}].sniHosts`;
      if (sniHosts.length === 0) refuse("route-match", place, "is empty", "write the server names that it is for");
      sniHosts.forEach((name, number) => {
        if (hosts.some((host) => matchesHost(host, name))) return;
        const problem = `${name} is within none of the hosts ${hosts.join(", ")}`;
        refuse("route-match", `${place}[${String(number)}]`, problem, "write the name into spec.hosts as well");
      });
    });
  });
}

function checkHttpRoute(route: HttpRoute, isDelegate: boolean, path: string, report: Report): void {
  const refuse = refusing(report);
  const { match = [], route: shares = [], redirect, directResponse, delegate, retries } = route;
  if (delegate !== undefined && isDelegate) {
    refuse("route-delegate", `${path}.delegate`, "is in a VirtualService that others delegate to", "delegate once");
  }
  const answers = [
    shares.length > 0,
    redirect !== undefined,
    directResponse !== undefined,
    delegate !== undefined,
  ].filter((one) => one).length;
  if (answers === 0) refuse("route-empty", path, "leads nowhere", "write route, redirect, directResponse or delegate");
  if (answers > 1)
    refuse(
      "route-conflict",
      path,
      "leads to several things",
      "keep one of route, redirect, directResponse and delegate",
    );
  checkShares(shares, `${path}.route`, report);
  if (
    retries !== undefined &&
    retries.attempts === 0 &&
    (retries.perTryTimeout !== undefined || retries.retryOn !== undefined)
  ) {
    refuse("route-retries", `${path}.retries`, "has settings beside attempts: 0", "write attempts: 0 alone");
  }
  match.forEach((one, index) => {
    const place = `${path}.match[${String(index)}]`;
    const texts: [string, StringMatch | Readonly<Record<string, never>> | undefined, boolean][] = [
      [`${place}.uri`, one.uri, true],
      [`${place}.scheme`, one.scheme, false],
      [`${place}.method`, one.method, false],
      [`${place}.authority`, one.authority, false],
      ...Object.entries(one.headers ?? {}).map(([name, value]): [string, typeof value, boolean] => [
        `${place}.headers.${name}`,
        value,
        false,
      ]),
      ...Object.entries(one.queryParams ?? {}).map(([name, value]): [string, StringMatch, boolean] => [
        `${place}.queryParams.${name}`,
        value,
        false,
      ]),
    ];
    for (const [at, value, isUri] of texts) if (value !== undefined) checkText(value, at, isUri, report);
  });
}

function checkText(
  value: StringMatch | Readonly<Record<string, never>>,
  path: string,
  isUri: boolean,
  report: Report,
): void {
  const refuse = refusing(report);
  const { exact, prefix, regex } = value as { exact?: string; prefix?: string; regex?: string };
  if ([exact, prefix, regex].filter((one) => one !== undefined).length > 1) {
    report.error("route-match", path, "has several of exact, prefix and regex", "keep one", "schema");
  }
  if (prefix === "" && !isUri) refuse("route-match", `${path}.prefix`, "is empty", "write a beginning, or take it out");
  if (regex === "") refuse("route-match", `${path}.regex`, "is empty", "write a pattern, or take it out");
  if (regex === undefined || regex === "" || regex === "*") return;
  if (regex.length > 1024)
    refuse("route-match", `${path}.regex`, "has more than 1,024 characters", "write a shorter one");
  const fault = patternFault(regex);
  // Istio's sidecars take programs of any size.
  if (fault?.by === "RE2")
    refuse(
      "route-match",
      `${path}.regex`,
      `RE2 refuses ${JSON.stringify(regex)}: ${fault.message}`,
      "write a pattern of RE2",
    );
}

function checkShares(shares: readonly RouteDestination[], path: string, report: Report): void {
  const weights = shares.map(({ weight = 0 }) => weight);
  if (weights.some((weight) => weight < 0)) {
    report.error("route-weights", path, "has a negative weight", "write 0 or more", "webhook");
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (shares.length < 2) return;
  if (total === 0) {
    report.error("route-weights", path, "has weights that add up to 0", "give one of them a weight", "webhook");
  } else if (total !== 100) {
    report.warning(
      "route-weights",
      path,
      `has weights that add up to ${String(total)}: they are shares of that`,
      "let them add up to 100, so that they read as percents",
    );
  }
}
