import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type JsonObject } from "../../../sandbox/arm/json";
import { errorOf, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
  await emulator.arm("PUT", group, { location: "westeurope" });
  await emulator.arm("PUT", workspace, { location: "westeurope" });
});
afterAll(() => emulator.close());

const group = "/subscriptions/SUB/resourceGroups/blue";
const workspace = `${group}/providers/Microsoft.Monitor/accounts/metrics`;
const rules = `${group}/providers/Microsoft.AlertsManagement/prometheusRuleGroups/mesh`;

/** The id as a body has to say it: paths alone know `SUB`. */
const idOf = (path: string): string => path.replace("SUB", emulator.identity.subscriptionId);

const alert = { alert: "Down", expression: "up == 0", for: "PT5M", severity: 1 };

const put = (properties: JsonObject) =>
  emulator.arm("PUT", rules, {
    location: "westeurope",
    properties: { scopes: [idOf(workspace)], rules: [alert], ...properties },
  });

describe("a group of Prometheus rules", () => {
  it("is kept", async () => {
    expect((await put({ interval: "PT1M" })).status).toBe(201);
    expect((await put({ rules: [{ record: "mesh:up:sum", expression: "sum(up)" }] })).status).toBe(200);
  });

  it("may have a name with spaces, as one of Azure's own has", async () => {
    const name = "UXRecordingRulesRuleGroup - blue";
    const path = rules.replace(/mesh$/, encodeURIComponent(name));
    const properties = { scopes: [idOf(workspace)], rules: [alert] };
    expect((await emulator.arm("PUT", path, { location: "westeurope", properties })).status).toBe(201);
    expect((await emulator.arm("GET", path)).body).toMatchObject({ name });
  });

  it.each<[string, JsonObject, string]>([
    ["looked at more often than each minute", { interval: "PT30S" }, "interval"],
    ["looked at too seldom", { interval: "PT16M" }, "interval"],
    ["looked at by no duration", { interval: "1m" }, "interval"],
    ["without a workspace", { scopes: [] }, "scopes"],
    ["without rules", { rules: [] }, "1 to 20 rules"],
    ["with more rules than 20", { rules: Array.from({ length: 21 }, () => alert) }, "1 to 20 rules"],
    ["with a query that is none", { rules: [{ ...alert, expression: "sum by (a (up)" }] }, "no PromQL"],
    ["with a rule of no kind", { rules: [{ expression: "up" }] }, "either alert or record"],
    ["with a rule of both kinds", { rules: [{ ...alert, record: "a" }] }, "either alert or record"],
    ["with a name that no series has", { rules: [{ record: "a-b", expression: "up" }] }, "no name of a series"],
    ["with a time of Prometheus's own", { rules: [{ ...alert, for: "5m" }] }, "no duration"],
    ["with a severity that there is not", { rules: [{ ...alert, severity: 5 }] }, "severity"],
  ])("%s is refused", async (_, properties, said) => {
    const answer = await put(properties);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toContain(said);
  });

  it("of a workspace that is not there is refused", async () => {
    const answer = await put({ scopes: [idOf(`${workspace}-gone`)] });
    expect(errorOf(answer).message).toContain("there is no");
  });
});
