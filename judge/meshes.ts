import type * as fc from "fast-check";
import { type Judge, type JudgeCase, openJudge } from ".";
import { type Analysis, istioAnalysis, osmAnalysis, refusedByIstio } from "./compare";
import { type DataPlaneProgram, osmDataPlane } from "./data-plane";
import { arbitraryCase } from "./generate/case";
import { arbitraryGatewayCase } from "./istio-generate/gateway-case";
import { arbitraryIstioCase } from "./istio-generate/case";
import { istioDataPlane, openIstioJudge } from "./istio-judge";
import { KindCounts } from "./kinds";
import { OptionError } from "./run-options";

/** A mesh whose real control plane judges our analysis. */
export interface JudgedMesh {
  /** What the judge is called in print. */
  readonly title: string;
  /** Starts the judge. */
  open(report: (message: string) => void): Promise<Judge>;
  /** Random cases with so many requests each. */
  arbitraryCase(requests: number): fc.Arbitrary<JudgeCase>;
  readonly analysis: Analysis;
  readonly dataPlane: DataPlaneProgram;
  /** Whether sidecars of the mesh have filters that the data plane's Envoys lack, so that some requests end otherwise there. */
  readonly ownFilters: boolean;
  /** What our admission refuses of a case; undefined where random objects are never refused. */
  readonly refuses?: (asked: JudgeCase) => readonly string[];
  /** Counts kinds of policies that are easily decided wrongly. */
  readonly counts?: KindCounts;
}

/**
 * The mesh of an option's name: `istio-gateways` is Istio with a gateway in every random case.
 *
 * @throws {OptionError} where there is none.
 */
export function judgedMesh(name: string): JudgedMesh {
  switch (name) {
    case "osm":
      return {
        title: "real OSM",
        open: openJudge,
        arbitraryCase: (requests) => arbitraryCase(requests),
        analysis: osmAnalysis,
        dataPlane: osmDataPlane,
        ownFilters: false,
        counts: new KindCounts(),
      };
    case "istio":
      return istioWith(arbitraryIstioCase);
    case "istio-gateways":
      return istioWith(arbitraryGatewayCase);
    default:
      throw new OptionError(`--mesh is ${JSON.stringify(name)}; write osm, istio or istio-gateways.`);
  }
}

function istioWith(arbitrary: JudgedMesh["arbitraryCase"]): JudgedMesh {
  return {
    title: "real Istio",
    open: openIstioJudge,
    arbitraryCase: arbitrary,
    analysis: istioAnalysis,
    dataPlane: istioDataPlane,
    ownFilters: true,
    refuses: refusedByIstio,
  };
}
