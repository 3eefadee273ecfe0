package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// A Fingerprint identifies a finding across pushes, rebases and moved lines: a hash of rule id, path, normalised matched text,
// enclosing symbol and ordinal. It holds no line number and no message. 32 lower-case hex digits.
type Fingerprint string

// NewFingerprint hashes its parts. text is normalised here (runs of white space folded to one space, ends trimmed);
// ordinal counts equal findings of one file from 0, in order of position.
func NewFingerprint(ruleID, path, text, symbol string, ordinal int) Fingerprint {
	h := sha256.New()
	for _, part := range []string{"v1", ruleID, path, strings.Join(strings.Fields(text), " "), symbol, strconv.Itoa(ordinal)} {
		// The length keeps ("ab","c") and ("a","bc") apart.
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return Fingerprint(hex.EncodeToString(h.Sum(nil)[:16]))
}
