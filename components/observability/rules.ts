/** A series that is computed from others at every evaluation, so that whoever asks for it need not know by which mesh it was counted. */
export interface RecordingRule {
  /** Name of the series, `level:metric:operations`. */
  readonly record: string;
  readonly query: string;
  /** What the series says, and its unit. */
  readonly meaning: string;
}

/** A condition that somebody is told of. */
export interface AlertRule {
  readonly alert: string;
  /** The alert holds for whatever this yields. */
  readonly query: string;
  /** How long it has to yield that, as Prometheus writes durations: `5m`. */
  readonly for: string;
  readonly severity: AlertSeverity;
  /** What is told, with labels of the series as `{{ $labels.name }}`. */
  readonly summary: string;
  /** Where to look first. */
  readonly remedy: string;
}

/** As Azure Monitor counts them: 0 critical, 1 error, 2 warning, 3 informational, 4 verbose. */
export type AlertSeverity = 0 | 1 | 2 | 3 | 4;
