import { isLabel } from "./names";
import { type Refuse } from "./webhook";

/**
 * What istiod's webhook refuses of `exportTo` (pkg/config/validation, validateExportTo).
 *
 * @param selects of a DestinationRule, whether it is for some pods alone.
 */
export function checkExportTo(
  { kind, namespace }: { readonly kind: string; readonly namespace: string },
  exportTo: readonly string[],
  refuse: Refuse,
  selects = false,
): void {
  const seen = new Set<string>();
  exportTo.forEach((written, index) => {
    const path = `spec.exportTo[${String(index)}]`;
    const space = written === "." ? namespace : written;
    if (seen.has(space)) {
      const other = written === space ? "." : namespace;
      refuse(
        "export-to",
        path,
        `says ${JSON.stringify(written)} again`,
        `take it out: ${other} and . are the same namespace`,
      );
    } else if (space === "~" && kind !== "ServiceEntry") {
      refuse("export-to", path, `is ~, which no ${kind} may have`, "write . for its own namespace alone");
    } else if (!["*", "~"].includes(space) && !isLabel(space)) {
      refuse("export-to", path, `${JSON.stringify(written)} is no namespace`, "write a namespace, . or *");
    } else seen.add(space);
  });
  if (selects && [...seen].some((space) => space !== namespace)) {
    refuse(
      "export-to",
      "spec.exportTo",
      "goes beyond the own namespace, and workloadSelector is there",
      "write . alone, or take workloadSelector out",
    );
  }
  for (const [all, what] of [
    ["*", "everybody"],
    ["~", "nobody"],
  ] as const) {
    if (seen.has(all) && exportTo.length > 1)
      refuse(
        "export-to",
        "spec.exportTo",
        `says ${what} (${all}), and somebody beside`,
        `write ${all} alone, or take it out`,
      );
  }
}
