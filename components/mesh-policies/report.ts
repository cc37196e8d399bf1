import * as pulumi from "@pulumi/pulumi";
import { refusal } from "./refusal";
import { type Diagnostic } from "./review";

/** What stands for a diagnostic that might quote a secret. */
export function withheld(diagnostic: Diagnostic): Diagnostic {
  return diagnostic.severity === "info"
    ? diagnostic
    : { ...diagnostic, text: "Not shown, because one of the policies holds a secret. `aks-mesh check` shows it." };
}

/**
 * Ends the program where there are errors. In a preview it goes on, so that each error can be shown on its resource, unless
 * there is an object that no resource can be made of.
 *
 * @throws RunError that lists the errors.
 */
export function refuse(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  if (pulumi.runtime.isDryRun() && !errors.some(({ shapeless }) => shapeless)) return;
  const lines = errors.map(({ object, text }) => `- ${object === undefined ? "" : `${object}: `}${text}`);
  throw failure([`The mesh policies have ${count(errors.length, "error")}:`, ...lines].join("\n"));
}

/**
 * Shows diagnostics, each on the resource that it is about, or else on the component.
 *
 * @param resources the component's children, by `Kind namespace/name`.
 * @throws RunError after the last, where there are errors among them.
 */
export async function report(
  diagnostics: readonly Diagnostic[],
  component: pulumi.Resource,
  resources: ReadonlyMap<string, pulumi.Resource>,
): Promise<void> {
  const log = { error: pulumi.log.error, warning: pulumi.log.warn, info: pulumi.log.info };
  await Promise.all(
    diagnostics.map(({ severity, object = "", text }) => {
      const resource = resources.get(object);
      const subject = resource !== undefined || object === "" ? "" : `${object}: `;
      return log[severity](`${subject}${text}`, resource ?? component);
    }),
  );
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  if (errors > 0) throw failure(refusal(errors));
}

/** An error for people: Pulumi would print the stack of one that comes when the program itself has ended already. */
function failure(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = undefined;
  return error;
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? "" : "s"}`;
}
