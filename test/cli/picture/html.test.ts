import { createHash } from "node:crypto";
import { parse, type DefaultTreeAdapterMap } from "parse5";
import { describe, expect, it } from "vitest";
import { diffPicture } from "../../../cli/picture/changes";
import { pictureHtml } from "../../../cli/picture/html";
import { accessPicture } from "../../../cli/picture/model";
import { type PageData } from "../../../cli/picture/page-data";
import { diff, provedExtentOf } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { meshConfig } from "../../mesh/osm/world";
import { evilShop, evilTexts } from "./evil";
import { shopObjects, widened } from "./shop";

type Element = DefaultTreeAdapterMap["element"];

/** All elements of a page, as a browser reads it. */
function elementsOf(html: string): readonly Element[] {
  const found: Element[] = [];
  const visit = (node: DefaultTreeAdapterMap["node"]): void => {
    if ("tagName" in node) found.push(node);
    if ("childNodes" in node) node.childNodes.forEach(visit);
  };
  visit(parse(html));
  return found;
}

const textOf = (element: Element | undefined): string =>
  (element?.childNodes ?? []).map((node) => ("value" in node ? node.value : "")).join("");

const attribute = (element: Element | undefined, wanted: string): string | undefined =>
  element?.attrs.find(({ name }) => name === wanted)?.value;

function pictureOf(objects: readonly KubernetesObject[]): PageData {
  const mesh = osmMesh({ objects });
  return accessPicture(mesh, mesh.access());
}

/** What the page's script reads. */
function dataIn(html: string): PageData {
  return JSON.parse(textOf(elementsOf(html).find((one) => attribute(one, "id") === "data"))) as PageData;
}

/** `from → to: tone or change` of all calls. */
function callsOf({ boxes, calls, callerSets }: PageData): readonly string[] {
  return calls.flatMap(({ callers, to, tone, change }) =>
    (callerSets[callers] ?? []).map(
      (caller) => `${boxes[caller]?.title ?? ""} → ${boxes[to]?.title ?? ""}: ${change?.kind ?? tone}`,
    ),
  );
}

describe("the page of who may call whom", () => {
  const html = pictureHtml(pictureOf(shopObjects({ services: 4 })));

  it("loads nothing, and its policy lets only its own script and style do anything", () => {
    const elements = elementsOf(html);
    const hashOf = (element: Element | undefined): string =>
      `'sha256-${createHash("sha256").update(textOf(element)).digest("base64")}'`;
    const [script, ...others] = elements.filter(
      (one) => one.tagName === "script" && attribute(one, "type") === undefined,
    );
    const style = elements.find(({ tagName }) => tagName === "style");
    expect(others).toEqual([]);
    const policy = attribute(
      elements.find((one) => attribute(one, "http-equiv") === "Content-Security-Policy"),
      "content",
    );
    expect(policy).toBe(
      `default-src 'none'; base-uri 'none'; form-action 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}`,
    );
    expect(textOf(style)).not.toMatch(/@import|url\(/);
    const loading = elements.filter((one) =>
      one.attrs.some(({ name }) => ["src", "href", "style"].includes(name) || name.startsWith("on")),
    );
    expect(loading.map(({ tagName }) => tagName)).toEqual([]);
  });

  it("has a language, one heading, landmarks, and says what to do without a script", () => {
    const elements = elementsOf(html);
    expect(
      attribute(
        elements.find(({ tagName }) => tagName === "html"),
        "lang",
      ),
    ).toBe("en");
    for (const tag of ["h1", "header", "main", "aside", "noscript"]) {
      expect(elements.filter(({ tagName }) => tagName === tag).length, tag).toBe(1);
    }
  });

  it.each(evilTexts)("holds %j as text, wherever it stands", (evil) => {
    const page = pictureHtml(pictureOf(evilShop(evil)));
    const tags = (text: string): readonly string[] => elementsOf(text).map(({ tagName }) => tagName);
    expect(tags(page)).toEqual(tags(html));
    const readable = evil.replace(/\p{Cc}|\p{Cs}/gu, "\ufffd");
    const { boxes, groups, routeLists } = dataIn(page);
    expect(routeLists.flat().join("\n")).toContain(readable);
    // An account is named namespace/name: what stands before a slash is no part of the name.
    const name = readable.split("/").at(-1) ?? "";
    expect(boxes.filter(({ title }) => title.includes(name)).length).toBeGreaterThan(0);
    const [namespace = ""] = readable.split("/");
    expect(groups.filter(({ title }) => title.startsWith(namespace)).length).toBeGreaterThan(0);
  });

  it("has everybody who may do nothing, and everybody outside", () => {
    const { boxes, calls, callerSets } = dataIn(html);
    const titles = boxes.map(({ title, kind }) => `${kind} ${title}`);
    expect(titles).toEqual(expect.arrayContaining(["account thief", "caller any address", "caller 203.0.113.0/24"]));
    const thief = boxes.findIndex(({ title }) => title === "thief");
    expect(calls.filter(({ callers, to }) => to === thief || callerSets[callers]?.includes(thief))).toEqual([]);
    expect(callsOf(dataIn(html))).toContain("203.0.113.0/24 → service-0: all");
  });

  it("stays below 3 MB with 1,000 services, also where everybody may call everybody", () => {
    const objects = shopObjects({ services: 1000 });
    const strict = pictureHtml(pictureOf(objects));
    const permissive = pictureHtml(pictureOf([...objects, meshConfig({ enablePermissiveTrafficPolicyMode: true })]));
    const { boxes, calls, callerSets } = dataIn(permissive);
    expect(boxes.filter(({ serves }) => serves.length > 0).length).toBeGreaterThanOrEqual(1000);
    expect(calls.reduce((sum, { callers }) => sum + (callerSets[callers]?.length ?? 0), 0)).toBeGreaterThan(900_000);
    for (const page of [strict, permissive]) expect(Buffer.byteLength(page)).toBeLessThan(3_000_000);
  });
});

describe("the page of a change", () => {
  const before = osmMesh({ objects: shopObjects({ services: 6 }) });
  const after = osmMesh({ objects: widened(shopObjects({ services: 6 })) });
  const changes = diff(before, after);
  const data = dataIn(pictureHtml(diffPicture(before, after, changes, provedExtentOf(before, after))));

  it("has each change once, with the request that shows it and how that ended and ends", () => {
    const told = data.calls.filter(({ change }) => change !== undefined);
    expect(told.length).toBe(changes.length);
    expect(callsOf(data)).toContain("thief → service-1: opens");
    const opened = told.find(({ change }) => change?.kind === "opens");
    expect(opened?.change?.witness?.request).toMatch(/thieves\/thief → service-1\.\S+:14001 GET \/service-1\//);
    expect(opened?.change?.witness).toMatchObject({ before: "refused", after: "allowed (200)" });
  });

  it("has what does not change as it is, and says who is on one side only", () => {
    expect(callsOf(data).filter((call) => call.endsWith("some")).length).toBeGreaterThan(0);
    expect(data.boxes.filter(({ only }) => only === "after").map(({ title }) => title)).toEqual(["newcomer"]);
    expect(data.boxes.filter(({ only }) => only === "before").map(({ title }) => title)).toEqual(["service-5"]);
  });

  it("says of what it is proved that there are no others", () => {
    expect(data.remarks.join(" ")).toContain("proved for every service account");
  });
});
