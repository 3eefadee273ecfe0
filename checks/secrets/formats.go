package secrets

import (
	"hash/crc32"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
)

// A format is how a provider writes one kind of credential.
type format struct {
	name   string // as the message says it: "a GitHub token"
	anchor string // text that every one of them contains; looked for before the expression is
	// pattern is anchored to word boundaries by compile. If it has a group, the group is the credential.
	pattern *regexp.Regexp
	// entropy is what the credential must have at least, in bits per character: a format of letters and digits alone would otherwise take
	// "AKIAAAAAAAAAAAAAAAAA" for a key.
	entropy float64
	valid   func(string) bool // the provider's checksum; nil: there is none
}

// The formats come from the providers' documentation of their tokens' prefixes and lengths. One per line, sorted by name of the provider.
var formats = []format{
	{"an age secret key", "AGE-SECRET-KEY-1", word(`AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}`), 3, nil},
	{"an Anthropic API key", "sk-ant-", word(`sk-ant-(?:api|admin)\d\d-[\w-]{80,120}`), 4, nil},
	{"an AWS access key", "A", word(`(?:AKIA|ASIA)[A-Z2-7]{16}`), 3, nil},
	{"an AWS secret key", "", regexp.MustCompile(`(?i)aws_?(?:secret|session)?_?(?:access)?_?key\b["']?\s*(?:=>|:=|=|:|,)\s*["']?([A-Za-z0-9/+]{40})(?:["'\s]|$)`), 4.2, nil},
	{"an Azure storage key", "AccountKey=", regexp.MustCompile(`AccountKey=([A-Za-z0-9+/]{86}==)`), 4, nil},
	{"an Azure client secret", "8Q~", regexp.MustCompile(`(?:^|["'\s=])([\w.~-]{3}\dQ~[\w.~-]{31,34})(?:["'\s]|$)`), 3.5, nil},
	{"a Databricks token", "dapi", word(`dapi[0-9a-f]{32}(?:-\d)?`), 3, nil},
	{"a DigitalOcean token", "_v1_", word(`do[opr]_v1_[0-9a-f]{64}`), 3, nil},
	{"a Discord webhook", "/api/webhooks/", regexp.MustCompile(`https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,72}`), 3, nil},
	{"a Docker Hub token", "dckr_", word(`dckr_[op]at_[\w-]{27,32}`), 3, nil},
	{"a Doppler token", "dp.", word(`dp\.(?:ct|pt|st|sa|scim|audit)\.(?:[\w-]{2,35}\.)?[A-Za-z0-9]{40,44}`), 3, nil},
	{"a Figma token", "figd_", word(`figd_[\w-]{38,48}`), 3, nil},
	{"a GitHub token", "gh", word(`gh[opusr]_[A-Za-z0-9]{36}`), 3, githubChecksum},
	{"a fine-grained GitHub token", "github_pat_", word(`github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}`), 3, nil},
	{"a GitLab token", "gl", word(`gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt)-[\w-]{20,64}`), 3, nil},
	{"a Google API key", "AIza", word(`AIza[\w-]{35}`), 3.5, nil},
	{"a Google OAuth client secret", "GOCSPX-", word(`GOCSPX-[\w-]{28}`), 3, nil},
	{"a Grafana service account token", "glsa_", word(`glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}`), 3, nil},
	{"a Groq API key", "gsk_", word(`gsk_[A-Za-z0-9]{52}`), 3.5, nil},
	{"a HashiCorp Vault token", "hvs.", word(`hv[sbr]\.[\w-]{90,300}`), 3.5, nil},
	{"a Heroku API key", "HRKU-", word(`HRKU-[\w-]{36,65}`), 3, nil},
	{"a Hugging Face token", "hf_", word(`hf_[A-Za-z]{34}`), 3.5, nil},
	{"a Linear API key", "lin_api_", word(`lin_api_[A-Za-z0-9]{40}`), 3, nil},
	{"a Mailgun key", "key-", word(`key-[0-9a-f]{32}`), 3, nil},
	{"a New Relic key", "NRAK-", word(`NRAK-[A-Z0-9]{27}`), 3, nil},
	{"a Notion token", "ntn_", word(`ntn_[A-Za-z0-9]{43,50}`), 3, nil},
	{"an npm token", "npm_", word(`npm_[A-Za-z0-9]{36}`), 3, npmChecksum},
	{"an OpenAI API key", "T3BlbkFJ", word(`sk-(?:(?:proj|svcacct|admin)-)?[\w-]{20,100}T3BlbkFJ[\w-]{20,100}`), 4, nil},
	{"a Perplexity API key", "pplx-", word(`pplx-[A-Za-z0-9]{48}`), 3.5, nil},
	{"a Postman key", "PMAK-", word(`PMAK-[0-9a-f]{24}-[0-9a-f]{34}`), 3, nil},
	{"a PyPI token", "pypi-", word(`pypi-AgE[\w-]{50,1000}`), 3.5, nil},
	{"a Replicate token", "r8_", word(`r8_[A-Za-z0-9]{37}`), 3.5, nil},
	{"a RubyGems key", "rubygems_", word(`rubygems_[0-9a-f]{48}`), 3, nil},
	{"a SendGrid key", "SG.", word(`SG\.[\w-]{22}\.[\w-]{43}`), 3.5, nil},
	{"a Sentry token", "sntrys_", word(`sntrys_eyJ[\w+/=-]{80,400}`), 3.5, nil},
	{"a Shopify token", "shp", word(`shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}`), 3, nil},
	{"a Slack token", "xox", word(`xox[abeoprs](?:\.xox[bp])?-(?:\d-)?[A-Za-z0-9]+-[A-Za-z0-9-]{20,200}`), 2.8, nil},
	{"a Slack app token", "xapp-", word(`xapp-\d-[A-Z0-9]{8,14}-\d{8,16}-[0-9a-f]{64}`), 3, nil},
	{"a Slack webhook", "hooks.slack.com", regexp.MustCompile(`https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Z0-9]{8,14}/[A-Z0-9]{8,20}/[A-Za-z0-9]{16,64}`), 3, nil},
	{"a Square secret", "sq0csp-", word(`sq0csp-[\w-]{43}`), 3, nil},
	{"a Stripe key", "_live_", word(`(?:sk|rk)_live_[A-Za-z0-9]{24,247}`), 3, nil},
	{"a Stripe webhook secret", "whsec_", word(`whsec_[A-Za-z0-9+/]{32,64}`), 3.5, nil},
	{"a Supabase token", "sbp_", word(`sbp_[0-9a-f]{40}`), 3, nil},
	{"a Telegram bot token", ":AA", word(`\d{8,10}:AA[\w-]{33}`), 3.5, nil},
	{"a Terraform Cloud token", ".atlasv1.", word(`[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}`), 3.5, nil},
	{"an xAI API key", "xai-", word(`xai-[A-Za-z0-9]{80}`), 3.5, nil},
}

// word compiles a pattern that stands by itself: no letter, digit or underscore on either side.
func word(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[^\w-])(` + pattern + `)(?:$|[^\w-])`)
}

// githubChecksum checks the last six characters of a GitHub token, which are the CRC-32 of the thirty before them in base 62. GitHub
// describes it in "Behind GitHub's new authentication token formats" (2021).
func githubChecksum(token string) bool { return checksum(token[len(token)-36:], token[len(token)-6:]) }

// npmChecksum checks an npm token, which is made in the same way.
func npmChecksum(token string) bool { return checksum(token[len("npm_"):], token[len(token)-6:]) }

func checksum(body, want string) bool {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	n := crc32.ChecksumIEEE([]byte(body[:30]))
	var b [6]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = digits[n%62]
		n /= 62
	}
	return strings.Compare(string(b[:]), want) == 0
}
