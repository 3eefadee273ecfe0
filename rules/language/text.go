package language

// texts are the languages of rules that read a file as text: such rules look at files of every kind, and nothing is parsed.
func texts() []*Spec {
	return []*Spec{
		{Name: "generic", AnyFile: true},
		{Name: "regex", Aliases: []string{"none"}, AnyFile: true},
	}
}
