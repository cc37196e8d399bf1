const text = String.raw`(?:\\[^]|[^\\)"])*`;
const inQuotes = String.raw`${text}(?:" *, *"${text})*`;
const inBrackets = String.raw`(?:\[ *"|[^ [])${inQuotes}(?:\)|" *\] *\))`;

/**
 * What Envoy's older format of values takes: `%NAME%`, `%NAME(text)%` and `%NAME(["text", …])%` for what it knows of a call, and `%%` for a percent sign.
 * Of what stands between round brackets the first character may be any.
 */
const format = new RegExp(String.raw`^(?:[^%]|%%|%[^%(]+%|%[^%(]*\( *${inBrackets} *%)*$`);

/** What no header can hold. */
const control = /[\0-\x08\n-\x1f\x7f]/;

/** What is wrong with the value that a header is given; undefined for nothing (pkg/config/validation, ValidateHTTPHeaderValue). */
export function headerValueFault(value: string): string | undefined {
  if (control.test(value)) return "has a control character";
  return format.test(value) ? undefined : "has a % that begins or ends nothing";
}
