import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { mergeChanges, openStore } from "../../../sandbox/arm/store";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "aks-mesh-store-"));
  file = join(directory, "journal.jsonl");
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("store", () => {
  it("keeps what was committed, and only its owner can read it", () => {
    const store = openStore(file);
    store.commit({ put: { "a:1": { x: 1 }, "a:2": { x: 2 } } });
    store.commit({ put: { "b:1": { y: true } }, delete: ["a:1"] });
    store.close();
    const again = openStore(file);
    expect(again.list("")).toEqual([
      { key: "a:2", value: { x: 2 } },
      { key: "b:1", value: { y: true } },
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    again.close();
  });

  it("hands out copies", () => {
    const store = openStore(file);
    const given = { list: [1] };
    store.commit({ put: { a: given } });
    given.list.push(2);
    const read = store.get("a");
    if (read !== undefined) read["list"] = "changed";
    expect(store.get("a")).toEqual({ list: [1] });
    store.close();
  });

  it("holds whole changes only, wherever a kill cuts the journal off", () => {
    const store = openStore(file);
    const states = [store.list("")];
    for (let n = 1; n <= 3; n++) {
      store.commit({ put: { [`k${n}`]: { n }, counter: { n } }, delete: [`k${n - 1}`] });
      states.push(store.list(""));
    }
    store.close();
    const journal = readFileSync(file);
    const seen = new Set<string>();
    for (let length = journal.length; length > 0; length--) {
      const cut = join(directory, "cut.jsonl");
      writeFileSync(cut, journal.subarray(0, length));
      const reopened = openStore(cut);
      const state = reopened.list("");
      expect(states).toContainEqual(state);
      seen.add(JSON.stringify(state));
      reopened.close();
    }
    expect(seen.size).toBe(states.length);
  });

  it("says which line is damaged", () => {
    writeFileSync(file, '{"put":{},"delete":[]}\nnonsense\n{"put":{},"delete":[]}\n');
    expect(() => openStore(file)).toThrow(/line 2: damaged record/);
  });

  it("merges changes, later ones winning", () => {
    expect(
      mergeChanges(
        { put: { a: { n: 1 }, b: {} } },
        { delete: ["a"] },
        { put: { c: {} }, delete: ["b"] },
        { put: { b: { n: 2 } } },
      ),
    ).toEqual({
      put: { c: {}, b: { n: 2 } },
      delete: ["a"],
    });
  });
});
