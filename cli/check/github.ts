import { describeRequest } from "../../mesh";
import { type Notice } from "./report";
import { type PathOf } from "./source-path";

/**
 * A finding as GitHub Actions shows it at its line in a pull request. Whatever manifests hold cannot end the line, which would be
 * another command of GitHub's, nor a property.
 */
export function annotation(notice: Notice, pathOf: PathOf): string {
  const { severity, rule, object, message, request, remedy, position } = notice;
  const file = position && pathOf(position.file);
  const properties = {
    ...(position !== undefined && file !== undefined && { file, line: position.line, col: position.column }),
    title: object === undefined ? rule : `${object} (${rule})`,
  };
  const lines = [
    message,
    ...(request === undefined ? [] : [`Shown by: ${describeRequest(request)}`]),
    ...(remedy === undefined ? [] : [`Remedy: ${remedy}`]),
  ];
  const listed = Object.entries(properties).map(([name, value]) => `${name}=${property(String(value))}`);
  return `::${severity} ${listed.join(",")}::${data(lines.join("\n"))}`;
}

/** A line that GitHub Actions shows with a workflow's run, at no file. */
export function message(severity: "error" | "notice", text: string): string {
  return `::${severity}::${data(text)}\n`;
}

/** What GitHub's runner turns back in a command's text. */
function data(text: string): string {
  return text.replace(/[%\r\n]/g, (character) => encodeURIComponent(character));
}

/** And in a property, which a colon or a comma would end. */
function property(text: string): string {
  return text.replace(/[%\r\n:,]/g, (character) => encodeURIComponent(character));
}
