import { stringify } from "yaml";
import { type AlertRule, type RecordingRule } from "./rules";

/** The rules as a file that Prometheus reads. The severity becomes a label. */
export function ruleFile(recording: readonly RecordingRule[], alerts: readonly AlertRule[]): string {
  return stringify(
    {
      groups: [
        { name: "mesh", rules: recording.map(({ record, query }) => ({ record, expr: query })) },
        {
          name: "mesh-alerts",
          rules: alerts.map(({ alert, query, for: lasting, severity, summary, remedy }) => ({
            alert,
            expr: query,
            for: lasting,
            labels: { severity: String(severity) },
            annotations: { summary, remedy },
          })),
        },
      ],
    },
    { lineWidth: 0 },
  );
}
