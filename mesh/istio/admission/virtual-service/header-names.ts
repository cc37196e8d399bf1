/** Characters of names of headers (RFC 9110), and the comma, which istiod lets through (pkg/config/validation, tchars). */
const token = /^[-\w!#$%&'*+,.^`|~]+$/;

export function isHeaderName(name: string): boolean {
  return token.test(name);
}
