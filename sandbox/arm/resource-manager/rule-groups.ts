import { parser } from "@prometheus-io/lezer-promql";
import { type ArmContext, type ResourceHandler } from "../context";
import { ArmError } from "../errors";
import { jsonBody } from "../http";
import { isObject, type JsonObject, objectAt, stringAt, stringsAt } from "../json";
import { typeKey } from "../resource-id";
import { findResource } from "./resources";

/** Most rules of a group (https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#prometheus-metrics). */
const mostRules = 20;

/** A duration of ISO 8601 as Azure takes it, in seconds; undefined for what is none. */
function isoSeconds(text: string): number | undefined {
  const [, hours, minutes, seconds] = /^PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(text) ?? [];
  if (hours === undefined && minutes === undefined && seconds === undefined) return undefined;
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
}

function parses(query: string): boolean {
  let whole = true;
  parser.parse(query).iterate({ enter: ({ type }) => void (whole &&= !type.isError) });
  return whole;
}

/**
 * Checks groups of Prometheus rules before they are kept like any other resource, as Azure describes them
 * (https://learn.microsoft.com/azure/azure-monitor/metrics/prometheus-rule-groups).
 */
export const ruleGroupsHandler: ResourceHandler = (context, request) => {
  const part = request.resource.provider;
  if (part === undefined || typeKey(part) !== "microsoft.alertsmanagement/prometheusrulegroups") return undefined;
  if (request.method === "PUT") check(context, objectAt(jsonBody(request), "properties"));
  return undefined;
};

function check(context: ArmContext, properties: JsonObject): void {
  const refuse = (detail: string): ArmError => new ArmError(400, "BadRequest", `The rule group is invalid: ${detail}.`);
  const interval = isoSeconds(stringAt(properties, "interval") ?? "PT1M");
  if (interval === undefined || interval < 60 || interval > 900) throw refuse("interval has to be from PT1M to PT15M");
  const scopes = stringsAt(properties, "scopes");
  const workspaces = scopes.filter((scope) => /\/providers\/microsoft\.monitor\/accounts\/[^/]+$/i.test(scope));
  if (workspaces.length !== 1)
    throw refuse("scopes has to name one Azure Monitor workspace, and beside it a cluster at most");
  for (const scope of scopes) {
    if (findResource(context, scope) === undefined) throw refuse(`there is no ${scope}`);
  }
  const rules = Array.isArray(properties["rules"]) ? properties["rules"].filter(isObject) : [];
  if (rules.length === 0 || rules.length > mostRules) throw refuse(`it has to have 1 to ${mostRules} rules`);
  rules.forEach((rule, index) => checkRule(rule, (detail) => refuse(`rules[${index}]: ${detail}`)));
}

function checkRule(rule: JsonObject, refuse: (detail: string) => ArmError): void {
  const expression = stringAt(rule, "expression") ?? "";
  if (expression === "" || !parses(expression)) throw refuse(`expression is no PromQL: ${expression}`);
  const [alert, record] = [stringAt(rule, "alert"), stringAt(rule, "record")];
  if ((alert === undefined) === (record === undefined)) throw refuse("it has to have either alert or record");
  if (record !== undefined && !/^[A-Za-z_:][\w:]*$/.test(record))
    throw refuse(`record is no name of a series: ${record}`);
  const lasting = stringAt(rule, "for");
  if (lasting !== undefined && isoSeconds(lasting) === undefined)
    throw refuse(`for is no duration such as PT5M: ${lasting}`);
  const severity = rule["severity"];
  if (severity !== undefined && !(typeof severity === "number" && severity >= 0 && severity <= 4)) {
    throw refuse("severity has to be 0 to 4");
  }
}
