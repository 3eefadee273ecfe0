package scan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
)

// Key names the result of a scan: equal inputs have equal keys. It covers the merge base, the head, the version of the tool, the
// configuration, the rules, what is looked up in, and the pull request's text. Where a side has no SHA (a work tree, plain folders) its files and their
// contents are part of the key; where both have one, contents need not be there yet. A result may be stored under its key if it is Reusable.
func Key(in *Input, toolVersion string) string {
	h := sha256.New()
	part(h, "reviewgate scan 1", toolVersion, in.Base, in.Head, fmt.Sprint(in.NoBuiltin, in.All))
	// encoding/json writes maps sorted and cannot fail on these types.
	for _, v := range []any{in.Config, in.Text, in.Facts.Answers} {
		data, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("scan key: %v", err))
		}
		part(h, string(data))
	}
	part(h, string(in.Facts.Packages), string(in.Facts.Advisories))
	part(h, fmt.Sprint(len(in.Rules)))
	for _, r := range in.Rules {
		part(h, r.Name, string(r.Origin), string(r.Data))
	}
	if len(in.Imports) > 0 {
		part(h, in.ImportRoots...)
	}
	for _, one := range in.Imports {
		part(h, "import", one.Name, fmt.Sprint(one.Base), string(one.Data))
	}
	if in.Base == "" || in.Head == "" {
		for _, f := range in.Files {
			part(h, f.Path, f.OldPath, string(f.Status), fmt.Sprint(f.OldMode, f.Mode), f.OldBlob, f.Blob, string(f.Class), f.Opaque, f.BaseOpaque)
		}
		part(h, fmt.Sprint(len(in.Contents)))
		for _, c := range in.Contents {
			part(h, c.Side.String(), c.Path, string(c.Data))
		}
		part(h, in.HeadPaths...)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// part writes strings so that no two lists of them give the same bytes.
func part(h hash.Hash, parts ...string) {
	var size [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write([]byte(p))
	}
}
