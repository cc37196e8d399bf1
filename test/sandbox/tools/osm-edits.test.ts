import { describe, expect, it } from "vitest";
import { osmEdits } from "../../../sandbox/tools/osm-edits";
import { applyEdits, isLeftOut } from "../../../sandbox/tools/source-edits";

describe("edits to OSM's source", () => {
  const edit = { file: "a.go", find: 'f(":%d", port)', replace: "g(port)" };

  it("are made where their text occurs once", () => {
    expect(applyEdits('addr := f(":%d", port)\n', [edit])).toBe("addr := g(port)\n");
  });

  it("take out what lies between two texts, and fail where the second is not there", () => {
    const cases = { file: "a.go", find: "switch {\n", until: "\tdefault:", replace: "switch {\n" };
    expect(applyEdits("switch {\n\tcase a:\n\tcase b:\n\tdefault:\n}", [cases])).toBe("switch {\n\tdefault:\n}");
    expect(() => applyEdits("\tdefault:\nswitch {\n}", [cases])).toThrow(/a\.go: found no .*default.* after/);
  });

  it("leave out the files of a folder that are not named, and none of its other folders", () => {
    const onlyFiles = { "pkg/scalers": ["scaler.go"] };
    const copied = (file: string): boolean => !isLeftOut(file, onlyFiles);
    expect(
      ["pkg/scalers/scaler.go", "pkg/scalers/aws", "pkg/scalers/aws/aws.go", "pkg/a.go", "pkg/scalers"].every(copied),
    ).toBe(true);
    expect(copied("pkg/scalers/kafka.go")).toBe(false);
  });

  it("put in their text as it is, whatever it means in a replacement pattern", () => {
    expect(applyEdits("a := x", [{ file: "a.go", find: "x", replace: "$&$1" }])).toBe("a := $&$1");
  });

  it.each([
    ["never", "addr := h(port)"],
    ["twice", 'f(":%d", port); f(":%d", port)'],
  ])("fail when it occurs %s, and say where", (_, source) => {
    expect(() => applyEdits(source, [edit])).toThrow(/a\.go: expected .* exactly once.*sandbox\/tools/);
  });

  it("change only where OSM listens, which API server it uses, and the filter that the module lacks", () => {
    const replaced = osmEdits.edits.map(({ replace }) => replace);
    for (const text of replaced) expect(text).toMatch(/listen|KUBECONFIG|statsWASMBytes/);
    expect(osmEdits.edits.every(({ file }) => osmEdits.folders.some((folder) => file.startsWith(`${folder}/`)))).toBe(
      true,
    );
  });
});
