package envoy

import (
	"fmt"
	"regexp"
	"strings"
)

// kinds of bytes in a path, as the URL library that Envoy uses sees them.
const (
	passed    = iota // stays as it is, and stays percent-encoded where it came so
	unescaped        // is decoded
	escaped          // is percent-encoded
	invalid          // makes the path one that Envoy answers with 400
)

func kindOf(b byte) int {
	switch {
	case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '-', b == '_', b == '~':
		return unescaped
	case b < 0x20, b == 0x7f:
		return invalid
	case strings.IndexByte(" \"#<>?^`{|}", b) >= 0, b >= 0x80:
		return escaped
	}
	return passed
}

func isSlash(text string, at int) bool {
	return at < len(text) && (text[at] == '/' || text[at] == '\\')
}

// dotAt is the length of a dot, which may be percent-encoded, or 0.
func dotAt(text string, at int) int {
	switch {
	case at < len(text) && text[at] == '.':
		return 1
	case at+3 <= len(text) && strings.EqualFold(text[at:at+3], "%2e"):
		return 3
	}
	return 0
}

// normalized is a path, without its query, after Envoy's normalize_path. ok is false where Envoy refuses it.
func normalized(path string) (result string, ok bool) {
	var out []byte
	ok = true
	if !isSlash(path, 0) {
		out = append(out, '/')
	}
	for at := 0; at < len(path); at++ {
		if dot := dotAt(path, at); dot > 0 {
			used := dot
			switch {
			case len(out) == 0 || out[len(out)-1] != '/':
				out = append(out, '.')
			default:
				up, length := directory(path, at+dot)
				switch {
				case length < 0:
					out = append(out, '.')
				case up:
					out = backUp(out)
					used += length
				default:
					used += length
				}
			}
			at += used - 1
			continue
		}
		b := path[at]
		switch {
		case b == '\\':
			out = append(out, '/')
		case b == '%':
			value, found := hexAt(path, at+1)
			if !found {
				out = append(out, '%')
				continue
			}
			switch kindOf(value) {
			case unescaped:
				out = append(out, value)
			case invalid:
				ok = false
				fallthrough
			default:
				out = append(out, path[at:at+3]...)
			}
			at += 2
		case kindOf(b) == invalid:
			ok = false
		case kindOf(b) == escaped:
			out = append(out, fmt.Sprintf("%%%02X", b)...)
		default:
			out = append(out, b)
		}
	}
	return string(out), ok
}

// directory tells what comes after a dot that follows a slash: the end of "." or of "..", with its length; -1 where it is neither.
func directory(path string, at int) (up bool, length int) {
	if at == len(path) {
		return false, 0
	}
	if isSlash(path, at) {
		return false, 1
	}
	dot := dotAt(path, at)
	switch {
	case dot == 0:
		return false, -1
	case at+dot == len(path):
		return true, dot
	case isSlash(path, at+dot):
		return true, dot + 1
	}
	return false, -1
}

// backUp takes the last segment away; the path ends with a slash before and after.
func backUp(out []byte) []byte {
	last := len(out) - 1
	if last == 0 {
		return out
	}
	for last--; last > 0 && out[last] != '/'; last-- {
	}
	return out[:last+1]
}

func hexAt(text string, at int) (byte, bool) {
	if at+2 > len(text) {
		return 0, false
	}
	var value byte
	for _, b := range []byte(text[at : at+2]) {
		switch {
		case b >= '0' && b <= '9':
			value = value<<4 | (b - '0')
		case b >= 'a' && b <= 'f':
			value = value<<4 | (b - 'a' + 10)
		case b >= 'A' && b <= 'F':
			value = value<<4 | (b - 'A' + 10)
		default:
			return 0, false
		}
	}
	return value, true
}

var manySlashes = regexp.MustCompile("//+")

var escapedSlashes = strings.NewReplacer("%2f", "/", "%2F", "/", "%5c", "\\", "%5C", "\\")

// withoutQuery is what paths are matched by.
func withoutQuery(path string) string {
	if at := strings.IndexAny(path, "?#"); at >= 0 {
		return path[:at]
	}
	return path
}

// templateCharacters are those that a "*" of a URI template stands for.
const templateCharacters = `a-zA-Z0-9\-._~%!$&'()*+,;=:@`

// templateExpression is a URI template as a regular expression: "*" is one segment, "**" any number of them.
func templateExpression(template string) (*regexp.Regexp, error) {
	var expression strings.Builder
	for _, part := range regexp.MustCompile(`\*\*|\*|[^*]+`).FindAllString(template, -1) {
		switch part {
		case "**":
			expression.WriteString(`[/` + templateCharacters + `]*`)
		case "*":
			expression.WriteString(`[` + templateCharacters + `]+`)
		default:
			expression.WriteString(regexp.QuoteMeta(part))
		}
	}
	return regexp.Compile(`\A(?:` + expression.String() + `)\z`)
}
