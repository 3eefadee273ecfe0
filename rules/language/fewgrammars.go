//go:build !allgrammars

package language

func tagged() []*Spec { return nil }
