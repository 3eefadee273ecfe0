package secrets

import (
	"hash/crc32"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

// letters makes a text of a length that no one could take for a word. It is put together here, so that no file of ours holds a token.
func letters(alphabet string, n int) string {
	var b strings.Builder
	state := uint32(2463534242)
	for range n {
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		b.WriteByte(alphabet[state%uint32(len(alphabet))])
	}
	return b.String()
}

const (
	alnum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	hex   = "0123456789abcdef"
)

// sum is the checksum of a token's body, written as its provider describes it: in base 62, six digits.
func sum(body string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	out := ""
	for n := crc32.ChecksumIEEE([]byte(body)); n > 0; n /= 62 {
		out = digits[n%62:n%62+1] + out
	}
	return strings.Repeat("0", 6-len(out)) + out
}

// TestFormats: every format is found in a line of code, and not in a longer word.
func TestFormats(t *testing.T) {
	t.Parallel()
	samples := map[string]string{
		"an age secret key":           "AGE-SECRET-KEY-1" + letters("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
		"an Anthropic API key":        "sk-ant-" + "api03-" + letters(alnum, 93) + "AA",
		"an AWS access key":           "AKIA" + letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
		"a Databricks token":          "dapi" + letters(hex, 32),
		"a DigitalOcean token":        "dop_v1_" + letters(hex, 64),
		"a Docker Hub token":          "dckr_" + "pat_" + letters(alnum, 27),
		"a fine-grained GitHub token": "github_" + "pat_" + letters(alnum, 22) + "_" + letters(alnum, 59),
		"a GitLab token":              "glpat-" + letters(alnum, 20),
		"a Google API key":            "AIza" + letters(alnum, 35),
		"a Groq API key":              "gsk_" + letters(alnum, 52),
		"a Hugging Face token":        "hf_" + letters(alnum[:52], 34),
		"an OpenAI API key":           "sk-proj-" + letters(alnum, 74) + "T3Blbk" + "FJ" + letters(alnum, 74),
		"a PyPI token":                "pypi-AgE" + letters(alnum, 150),
		"a SendGrid key":              "SG." + letters(alnum, 22) + "." + letters(alnum, 43),
		"a Slack token":               "xox" + "b-" + letters("0123456789", 12) + "-" + letters("0123456789", 12) + "-" + letters(alnum, 24),
		"a Slack webhook":             "https://hooks.slack" + ".com/services/T" + letters(alnum[26:], 9) + "/B" + letters(alnum[26:], 9) + "/" + letters(alnum, 24),
		"a Stripe key":                "sk_" + "live_" + letters(alnum, 40),
		"a Telegram bot token":        letters("123456789", 10) + ":AA" + letters(alnum, 33),
	}
	for what, token := range samples {
		for _, c := range []struct {
			line string
			hit  bool
		}{
			{`client = connect("` + token + `")`, true},
			{"TOKEN=" + token + "\n", true},
			{token, true},
			{"x" + token + "y", strings.HasPrefix(token, "https")},
		} {
			got := found(c.line, checks.ClassProduct)
			if c.hit && (len(got) != 1 || !strings.Contains(got[0].Message, what) || got[0].Confidence != checks.Certain) {
				t.Errorf("%s in %q: %+v", what, c.line, got)
			}
			if !c.hit && len(got) > 0 && strings.Contains(got[0].Message, what) {
				t.Errorf("%s in %q, where it is a part of another word", what, c.line)
			}
			for _, f := range got {
				if strings.Contains(f.Message, token) {
					t.Errorf("the message repeats the credential: %s", f.Message)
				}
			}
		}
	}
}

// TestChecksum: a token whose checksum is wrong was made up.
func TestChecksum(t *testing.T) {
	t.Parallel()
	body := letters(alnum, 30)
	for _, prefix := range []string{"ghp_", "npm_"} {
		right := prefix + body + sum(body)
		if got := found("t = '"+right+"'", checks.ClassProduct); len(got) != 1 || got[0].Severity != checks.Critical || got[0].Confidence != checks.Certain {
			t.Errorf("%s with its checksum: %+v", prefix, got)
		}
		wrong := prefix + body + "000000"
		if got := found("t = '"+wrong+"'", checks.ClassProduct); len(got) != 1 || got[0].Confidence == checks.Certain {
			t.Errorf("%s with a wrong checksum: %+v", prefix, got)
		}
		if got := found("t = '"+right+"'", checks.ClassTest); len(got) != 1 || got[0].Severity >= checks.High {
			t.Errorf("%s in a test: %+v", prefix, got)
		}
	}
}

// TestPrivateKey: a key blocks, a text about keys does not.
func TestPrivateKey(t *testing.T) {
	t.Parallel()
	begin, end := "-----BEGIN RSA PRIVATE"+" KEY-----", "-----END RSA PRIVATE"+" KEY-----"
	for text, want := range map[string]int{
		begin + "\n" + letters(alnum, 64) + "\n" + letters(alnum, 63) + "\n" + end + "\n":     1,
		`key = "` + begin + `\n` + letters(alnum, 64) + `\n` + letters(alnum, 64) + end + `"`: 1,
		begin + "\n...\n" + end:                        0,
		`if (text.startsWith("` + begin + `")) return`: 0,
	} {
		if got := found(text, checks.ClassProduct); len(got) != want {
			t.Errorf("%q: %+v", text, got)
		}
		if got := found(text, checks.ClassTest); len(got) != 0 {
			t.Errorf("in a test: %+v", got)
		}
	}
}

func found(text string, class checks.Class) []checks.Finding {
	var out []checks.Finding
	scan(&checks.Pass{Report: func(f checks.Finding) { out = append(out, f) }}, "src/app.py", class, []byte(text))
	return out
}

// FuzzScan feeds any bytes: no panic, and a place inside of the line.
func FuzzScan(f *testing.F) {
	f.Add([]byte("password = 'aB3$kd92jf02jf9s'"))
	f.Add([]byte("postgres://app:s3cr3t@db.acme.com/x"))
	f.Add([]byte("-----BEGIN PRIVATE" + " KEY-----\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, got := range found(string(text), checks.ClassProduct) {
			if got.Location.StartLine < 1 || got.Location.StartColumn < 1 || got.Location.EndColumn < got.Location.StartColumn {
				t.Fatalf("impossible place %+v", got.Location)
			}
		}
	})
}
