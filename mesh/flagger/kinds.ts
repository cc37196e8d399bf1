/** When and how far Flagger moves calls to a new version, in the words of its API. */
export interface CanaryAnalysis {
  /** Time between two looks, a Go duration of at least `10s`, which Flagger takes for less. Each look asks about the time since the one before. */
  readonly interval: string;
  /** How many looks may find that something does not hold before all calls go back, 1 or more. */
  readonly threshold: number;
  /** Percent of the calls by which each step gives the new version more, up to `maxWeight`. Not with `stepWeights`. */
  readonly stepWeight?: number;
  /** Percent of the calls that the new version gets at most before it takes the old one's place. Goes with `stepWeight`. */
  readonly maxWeight?: number;
  /** Percent of the calls at each step, in place of even ones. */
  readonly stepWeights?: readonly number[];
}

/** What a look asks, and between what bounds the answer has to be. */
export interface CanaryMetric {
  /** What it says, for people. */
  readonly name: string;
  /** PromQL that gives one number. Flagger fills in `{{ namespace }}`, `{{ service }}` and `{{ interval }}`. */
  readonly query: string;
  /** Default: no lower bound. */
  readonly min?: number;
  /** Default: no upper bound. */
  readonly max?: number;
}

/** Flagger's kind of a Service with a new version, as far as this program writes it. */
export interface Canary {
  readonly apiVersion: "flagger.app/v1beta1";
  readonly kind: "Canary";
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly provider: "osm" | "istio";
    readonly targetRef: { readonly apiVersion: "apps/v1"; readonly kind: "Deployment"; readonly name: string };
    readonly autoscalerRef?: {
      readonly apiVersion: "autoscaling/v2";
      readonly kind: "HorizontalPodAutoscaler";
      readonly name: string;
    };
    /** Puts Service and Deployment back where the Canary is deleted. */
    readonly revertOnDeletion: boolean;
    readonly service: {
      readonly name: string;
      readonly port: number;
      readonly targetPort?: number | string;
      readonly portName?: string;
      readonly appProtocol?: string;
    };
    readonly analysis: CanaryAnalysis & {
      readonly metrics: readonly {
        readonly name: string;
        readonly templateRef: { readonly name: string; readonly namespace: string };
        readonly thresholdRange: { readonly min?: number; readonly max?: number };
        readonly interval: string;
      }[];
    };
  };
}

/** Flagger's kind of a query, as far as this program writes it. */
export interface MetricTemplate {
  readonly apiVersion: "flagger.app/v1beta1";
  readonly kind: "MetricTemplate";
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly provider: { readonly type: "prometheus"; readonly address: string };
    readonly query: string;
  };
}

/** The version of both kinds. */
export const flaggerVersion = "flagger.app/v1beta1";

/** Labels by which Flagger tells a Deployment's pods, the first that its selector has (`--selector-labels`). */
export const selectorLabels = ["app", "name", "app.kubernetes.io/name"] as const;
