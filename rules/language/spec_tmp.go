package language

// Spec is all the engine knows about a language.
type Spec struct {
	Name                string
	Aliases, Extensions []string
}
