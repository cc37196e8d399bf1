import * as fc from "fast-check";
import { expect, test } from "vitest";
import { httpRequest, meets } from "../../../mesh/request/match";
import { normalPath, type PathNormalization } from "../../../mesh/request/path-normalization";
import { type CallRequest } from "../../../mesh/request/request";
import { changedRequest, changeKey, type RequestChange } from "../../../mesh/request/request-change";
import { requestsBefore, requestsLeavingForm } from "../../../mesh/request/request-change-sets";
import {
  intersectSets,
  type RequestCondition,
  requestsMeeting,
  type RequestSet,
} from "../../../mesh/request/request-set";

const request: CallRequest = { from: "a/b", to: "c:80", protocol: "http" };
const nothing: RequestChange = { path: undefined, authority: undefined, headers: new Map() };

test.each<[string, number | "all", string, string]>([
  ["/a/x", 2, "/b", "/b/x"],
  ["/a", 2, "/b", "/b"],
  ["/a?q=/a", 2, "/b", "/b?q=/a"],
  ["/a/x?q", "all", "/b", "/b?q"],
  ["/a", 2, "", "/"],
  ["/a?q", 2, "", "/?q"],
  ["/a/x", 2, "/", "//x"],
  ["/x", 1, "/b", "/bx"],
])("%s of which %s is replaced by %j is sent on as %s", (path, replaced, by, expected) => {
  expect(changedRequest({ ...request, path }, { ...nothing, path: { replaced, by } }).path).toBe(expected);
});

test("headers are set and taken off whatever their case, and the Host is another", () => {
  const headers = { "X-Team": "red", "x-other": ["1", "2"], "x-gone": "1" };
  const change = { ...nothing, authority: "d", headers: new Map([["x-team", "blue"], ["x-gone", undefined], ["x-new", "1"]]) }; // prettier-ignore
  expect(changedRequest({ ...request, headers }, change)).toEqual({
    ...request,
    host: "d",
    headers: { "x-other": ["1", "2"], "x-team": "blue", "x-new": "1" },
  });
  expect(changedRequest(request, nothing)).toEqual(request);
});

test("changes are one where they make the same of every request", () => {
  const of = (...headers: [string, string | undefined][]): string =>
    changeKey({ ...nothing, headers: new Map(headers) });
  expect(of(["a", "1"], ["b", undefined])).toBe(of(["b", undefined], ["a", "1"]));
  expect(of(["a", undefined])).not.toBe(of(["a", ""]));
  expect(changeKey({ ...nothing, authority: "a" })).not.toBe(changeKey({ ...nothing, authority: "b" }));
});

const paths = [
  "/",
  "/a",
  "/b",
  "/a/x",
  "/ab",
  "/a/",
  "/a//x",
  "/b/x",
  "/bx",
  "/a/..",
  "/a.",
  "/a/.",
  "/%61",
  "/bb",
  "/a/.x",
];
const patterns = ["/.*", "/b.*", "/b/.*", "/", "//.*", "/a", "/b/x|/a/x", "/bx?", ".*/"];
const values = ["gold", "red", undefined];

const change = fc.record({
  path: fc.option(fc.record({ replaced: fc.constantFrom(1, 2, "all" as const), by: fc.constantFrom("", "/", "/b", "/b/", "/a/.") }), { nil: undefined }), // prettier-ignore
  authority: fc.constant(undefined),
  headers: fc.uniqueArray(fc.tuple(fc.constantFrom("x-a", "x-b"), fc.constantFrom(...values)), { selector: ([name]) => name }).map((list) => new Map(list)), // prettier-ignore
});
const condition = fc.record({
  methods: fc.constant(["*"]),
  path: fc.constantFrom(...patterns),
  headers: fc.uniqueArray(fc.tuple(fc.constantFrom("x-a", "x-b"), fc.constantFrom("gold", ".*")), { selector: ([name]) => name }).map((list) => new Map(list)), // prettier-ignore
});

/** The requests with one path and some headers, as a set. */
function only(path: string, headers: Readonly<Record<string, string>>): RequestSet {
  const literally = (text: string): string => text.replace(/[.%]/g, "\\$&");
  const named = (name: string): RequestCondition => ({ methods: ["*"], path: ".*", headers: new Map([[name, ".*"]]) });
  return requestsMeeting(
    {
      methods: ["GET"],
      path: literally(path),
      headers: new Map(Object.entries(headers)),
      except: ["x-a", "x-b"].filter((name) => headers[name] === undefined).map(named),
    },
    "c",
  );
}

test.each<PathNormalization>(["NONE", "BASE", "MERGE_SLASHES"])(
  "sets of requests before a change are those of which the changed one meets the condition, where paths are normalised as %s",
  (form) => {
    const header = fc.constantFrom(...values);
    fc.assert(
      fc.property(change, condition, fc.constantFrom(...paths), header, header, (made, asked, path, a, b) => {
        const headers = { ...(a !== undefined && { "x-a": a }), ...(b !== undefined && { "x-b": b }) };
        if (made.path !== undefined && made.path.replaced !== "all") fc.pre(path.length >= made.path.replaced);
        if (made.path?.by === "" && made.path.replaced !== "all")
          fc.pre(/^(?:\/|$)/.test(path.slice(made.path.replaced)));
        const own = only(path, headers);
        const sent = changedRequest({ ...request, path, headers }, made);
        const isLeaving = intersectSets(own, requestsLeavingForm(made, form)).length > 0;
        const full = sent.path ?? path;
        expect(isLeaving).toBe(made.path !== undefined && normalPath(full, form) !== full);
        const isBefore = intersectSets(own, requestsBefore(made, requestsMeeting(asked, "c"))).length > 0;
        const reading = { repeated: "each", encoding: "latin1" } as const;
        const asSent = httpRequest({ ...request, path, headers }, reading).changed(made);
        expect(isBefore).toBe(meets(asSent, asked));
      }),
      { numRuns: 2000 },
    );
  },
);
