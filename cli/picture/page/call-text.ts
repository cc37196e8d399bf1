import { type PageCall, type PageData } from "../page-data";
import { element } from "./dom";

/** Everything that is to be said of calls beside who calls whom: what passes, what is denied, what a change does. */
export function callDetails(data: PageData, { passes = 0, denied = 0, change }: PageCall): readonly HTMLElement[] {
  const { witness } = change ?? {};
  return [
    ...(witness === undefined
      ? []
      : [
          element("p", { class: "witness" }, element("code", {}, witness.request)),
          element("p", { class: "witness" }, `was ${witness.before}, is ${witness.after}`),
        ]),
    ...routeList(data, passes, "pass"),
    ...routeList(data, denied, "deny"),
  ];
}

/** Most routes that are shown of one list. */
const mostRoutes = 50;

function routeList({ routeLists }: PageData, place: number, kind: "pass" | "deny"): readonly HTMLElement[] {
  const routes = routeLists[place] ?? [];
  if (routes.length === 0) return [];
  const more = routes.length - mostRoutes;
  return [
    element(
      "ul",
      { class: `routes ${kind}` },
      ...routes
        .slice(0, mostRoutes)
        .map((route) => element("li", {}, ...(kind === "deny" ? ["denied "] : []), element("code", {}, route))),
      ...(more > 0 ? [element("li", {}, `and ${String(more)} more`)] : []),
    ),
  ];
}
