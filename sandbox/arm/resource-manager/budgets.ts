import { type ResourceHandler } from "../context";
import { ArmError } from "../errors";
import { jsonBody } from "../http";
import { numberAt, objectAt, stringAt, stringsAt } from "../json";
import { typeKey } from "../resource-id";

/**
 * Checks budgets before they are kept like any other resource, as Azure describes them
 * (https://learn.microsoft.com/rest/api/consumption/budgets/create-or-update). Nobody is told of anything: nothing here costs money.
 */
export const budgetsHandler: ResourceHandler = (_, request) => {
  const part = request.resource.provider;
  if (part === undefined || typeKey(part) !== "microsoft.consumption/budgets" || request.method !== "PUT")
    return undefined;
  const properties = objectAt(jsonBody(request), "properties");
  const refuse = (detail: string): ArmError =>
    new ArmError(400, "InvalidRequestContent", `The budget is invalid: ${detail}.`);
  if ((numberAt(properties, "amount") ?? 0) <= 0) throw refuse("amount has to be more than 0");
  if (stringAt(properties, "category")?.toLowerCase() !== "cost") throw refuse("category has to be Cost");
  if (
    !/^(?:Billing)?(?:Month|Quarter|Annual)$|^(?:Monthly|Quarterly|Annually)$/.test(
      stringAt(properties, "timeGrain") ?? "",
    )
  ) {
    throw refuse("timeGrain has to be Monthly, Quarterly or Annually");
  }
  const start = stringAt(properties, "timePeriod", "startDate") ?? "";
  if (!/^\d{4}-\d{2}-01(?:T00:00:00(?:\.0+)?Z?)?$/.test(start))
    throw refuse("startDate has to be the first day of a month");
  const notifications = Object.entries(objectAt(properties, "notifications"));
  if (notifications.length > 5) throw refuse("it has more than five notifications");
  for (const [name, notification] of notifications) {
    const told = ["contactEmails", "contactRoles", "contactGroups"].flatMap((key) => stringsAt(notification, key));
    if (told.length === 0) throw refuse(`the notification ${name} goes to nobody`);
    const threshold = numberAt(notification, "threshold") ?? 0;
    if (threshold <= 0 || threshold > 1000)
      throw refuse(`the threshold of the notification ${name} has to be 0.01 to 1000`);
  }
  return undefined;
};
