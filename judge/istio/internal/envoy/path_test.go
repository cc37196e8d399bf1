package envoy

import "testing"

func TestNormalized(t *testing.T) {
	for path, want := range map[string]string{
		"/x/../e": "/e", "/./e": "/e", "/%65": "/e", `/x\..\e`: "/e", "/e/..": "/", "/e/.": "/e/", "/../e": "/e", "/..": "/",
		"//e": "//e", "/a%2fb": "/a%2fb", "/a/%2e%2E/b": "/b", "/.e": "/.e", "/..e": "/..e", "/e..": "/e..", "/a//../b": "/a/b",
		"/a|b": "/a%7Cb", "/a%7cb": "/a%7cb", "/a[b]": "/a[b]", "/100%": "/100%", "/%zz": "/%zz", "/%2A": "/%2A", "/%7e": "/~",
	} {
		if got, ok := normalized(path); got != want || !ok {
			t.Errorf("%s becomes %s (%t), not %s", path, got, ok, want)
		}
	}
	if _, ok := normalized("/%00"); ok {
		t.Error("/%00 is not refused")
	}
}

func TestTemplates(t *testing.T) {
	for _, it := range []struct {
		template, path string
		want           bool
	}{
		{"/t/*/x", "/t/1/x", true}, {"/t/*/x", "/t/1%2f2/x", true}, {"/t/*/x", "/t//x", false}, {"/t/*/x", "/t/1/2/x", false},
		{"/d/**", "/d/", true}, {"/d/**", "/d", false}, {"/d/**", "/d/a/b", true}, {"/a.b/*", "/axb/1", false}, {"/t/*", "/t/=*", true},
		{"/t/*", "/t/[a]", false},
	} {
		expression, err := templateExpression(it.template)
		if err != nil {
			t.Fatal(err)
		}
		if expression.MatchString(it.path) != it.want {
			t.Errorf("%s matches %s: not %t", it.template, it.path, it.want)
		}
	}
}
