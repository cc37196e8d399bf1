import { describe, expect, it } from "vitest";

import {
  defaultKubernetesVersion,
  meshRuns,
  minorsBetween,
  newestSupported,
  supportWarning,
} from "../../../components/aks-cluster/kubernetes-versions";

const day = (text: string): Date => new Date(`${text}T12:00:00Z`);
/** When the default was chosen. Who chooses another moves it, and has to choose the newest of that day. */
const chosen = day("2026-11-27");

describe("the default Kubernetes version", () => {
  it("is the newest in standard support that Open Service Mesh runs on, on the day it was chosen", () => {
    expect(newestSupported("OpenServiceMesh", chosen)).toBe(defaultKubernetesVersion);
  });

  it("says nothing while there is time, then that support is about to end, then that it has, and what to do", () => {
    expect(supportWarning(defaultKubernetesVersion, "OpenServiceMesh", chosen)).toBeUndefined();
    expect(supportWarning("1.36", "OpenServiceMesh", day("2027-05-15"))).toBeUndefined();
    expect(supportWarning("1.36", "OpenServiceMesh", day("2027-05-18"))).toMatch(/ends on 2027-06-30.*knows no newer/);
    expect(supportWarning("1.36", "OpenServiceMesh", day("2027-06-30"))).toMatch(/ends on/);
    expect(supportWarning("1.36", "OpenServiceMesh", day("2027-07-01"))).toMatch(
      /ended on 2027-06-30.*kubernetes-versions\.ts/,
    );
  });
});

describe("other versions", () => {
  it("are warned of by what comes next, one minor version after another", () => {
    expect(supportWarning("1.34.4", "OpenServiceMesh", chosen)).toBe(
      "kubernetesVersion is 1.34, whose standard support by AKS ends on 2026-11-30. " +
        "Write 1.35, and then one after another up to 1.36.",
    );
    expect(supportWarning("1.35", "None", day("2027-04-01"))).toMatch(/ended on 2027-03-31\. Write 1\.36\.$/);
  });

  it("that are not in the table are not judged", () => {
    expect(supportWarning("1.40", "None", day("2030-01-01"))).toBeUndefined();
    expect(newestSupported("None", day("2030-01-01"))).toBeUndefined();
  });

  it("run with a mesh up to the newest that it is known on", () => {
    expect(meshRuns("OpenServiceMesh", "1.36.3")).toBe(true);
    expect(meshRuns("OpenServiceMesh", "1.37")).toBe(false);
    expect(meshRuns("Istio", "1.37")).toBe(true);
  });

  it("are compared by their minor versions as numbers", () => {
    expect(minorsBetween("1.9.9", "1.10")).toBe(1);
    expect(minorsBetween("1.36", "1.34.2")).toBe(-2);
  });
});
