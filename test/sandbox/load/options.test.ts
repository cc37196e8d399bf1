import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSynopsis, readLoadOptions } from "../../../sandbox/load/options";
import { refuseForbidden, loadTarget } from "../../../sandbox/load/target";
import { UserError } from "../../../sandbox/progress";
import { type Pod, type Service } from "../../../sandbox/traffic/objects";

const call = ["shop/front", "cart.shop:80"];

describe("the command line of a load", () => {
  it("is read, with what is not said", () => {
    expect(readLoadOptions(call)).toEqual({
      ...{ from: "shop/front", to: "cart.shop:80", protocol: "http", method: "GET", path: "/", headers: {} },
      ...{ requests: 200, concurrency: 10, perSecond: undefined, json: false, stack: "dev" },
    });
    const more = ["--requests", "5", "--concurrency", "2", "--rate", "20/s", "--header", "a=b=c", "--header", "d="];
    expect(readLoadOptions([...call, ...more, "--tcp", "--json"])).toMatchObject({
      ...{ requests: 5, concurrency: 2, perSecond: 20, headers: { a: "b=c", d: "" }, protocol: "tcp", json: true },
    });
  });

  it.each([
    [[], "load wants who calls and what is called"],
    [["shop/front"], "load wants who calls"],
    [[...call, "more"], "load wants who calls"],
    [[...call, "--requests=-3"], '--requests takes an integer from 1 to 1000000, not "-3"'],
    [[...call, "--requests", "0"], "--requests takes an integer"],
    [[...call, "--requests", "1.5"], "--requests takes an integer"],
    [[...call, "--concurrency", "1001"], "--concurrency takes an integer from 1 to 1000"],
    [[...call, "--concurrency", "many"], 'not "many"'],
    [[...call, "--rate", "0"], "--rate takes the calls that begin in a second"],
    [[...call, "--rate", "10/m"], 'not "10/m"'],
    [[...call, "--path", "books"], '--path begins with / and has no blanks, and is "books"'],
    [[...call, "--path", "/a b"], "--path begins with /"],
    [[...call, "--method", "get"], "--method is a word in capitals"],
    [[...call, "--header", "client-app"], "--header takes NAME=VALUE"],
    [[...call, "--header", "a=b\r\nc: d"], "--header takes NAME=VALUE"],
    [[...call, "--hedaer", "a=b"], "Unknown option '--hedaer'"],
  ])("that cannot be meant is refused: %j", (args, message) => {
    const reading = () => readLoadOptions(args);
    expect(reading).toThrow(UserError);
    expect(reading).toThrow(message);
  });

  it("has all its options in docs/resilience.md", () => {
    const text = readFileSync(join(__dirname, "../../../docs/resilience.md"), "utf8");
    for (const [option] of loadSynopsis.matchAll(/--[a-z]+/g)) expect(text).toContain(`\`${option}`);
  });
});

const pod = (namespace: string, account: string, uid: string): Pod => ({
  ...{ apiVersion: "v1", kind: "Pod", metadata: { name: uid, namespace, uid } },
  spec: { serviceAccountName: account, containers: [] },
});
const service = (namespace: string, name: string, ...ports: number[]): Service => ({
  ...{ apiVersion: "v1", kind: "Service", metadata: { name, namespace } },
  spec: { selector: { app: name }, ports: ports.map((port) => ({ port })) },
});
const running = [
  pod("shop", "front", "a"),
  pod("shop", "front", "b"),
  pod("web", "site", "c"),
  pod("old", "site", "d"),
];
const services = [
  service("shop", "cart", 80),
  service("shop", "db", 1, 2),
  service("web", "both", 80),
  service("old", "both", 80),
];
const target = (from: string, to: string) => loadTarget({ from, to }, { services }, running);

describe("who calls what", () => {
  it("is found by names in any form, and a lone port", () => {
    const found = { caller: "shop/front", service: "shop/cart", to: "cart.shop.svc.cluster.local:80" };
    for (const from of ["front", "shop/front"]) {
      for (const to of ["cart", "cart:80", "cart.shop", "cart.shop.svc:80", "Cart.shop.svc.cluster.local:80"]) {
        expect(target(from, to)).toMatchObject({ ...found, pod: { metadata: { uid: "a" } } });
      }
    }
  });

  it.each([
    [
      "nobody",
      "cart",
      "No pod of the account nobody runs here with a sidecar. Callers are old/site, shop/front, web/site.",
    ],
    ["site", "cart", "site is one of old/site, web/site: name its namespace too."],
    ["front", "card", "There is no Service card. There are both.old, both.web, cart.shop, db.shop."],
    ["front", "cart.web", "There is no Service cart.web."],
    ["front", "both", "both is one of both.old, both.web"],
    ["front", "cart:81", "Service shop/cart has the ports 80: write cart:80."],
    ["front", "db", "Service shop/db has the ports 1, 2: write db:1."],
    ["front", "db:", "Service shop/db has the ports 1, 2"],
  ])("is told where it is not: %s calls %s", (from, to, message) => {
    expect(() => target(from, to)).toThrow(message);
  });

  it("may be forbidden, which is said with the reason", () => {
    const options = readLoadOptions([...call, "--path", "/secret"]);
    const verdict = { status: 403, backends: {}, because: ["TrafficTarget shop/cart"] };
    const refusing = (outcome: string, outcomes?: readonly string[]) => () =>
      refuseForbidden(target("front", "cart"), options, { ...verdict, outcome, ...(outcomes && { outcomes }) });
    expect(refusing("denied")).toThrow(
      "shop/front may not call cart.shop.svc.cluster.local:80 by GET /secret (denied, 403: TrafficTarget shop/cart)",
    );
    expect(refusing("varies", ["denied", "refused"])).toThrow(UserError);
    expect(refusing("varies", ["allowed", "denied"])).not.toThrow();
    expect(refusing("allowed")).not.toThrow();
  });
});
