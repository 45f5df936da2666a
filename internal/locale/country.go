package locale

// Country gives the name of a country by its code (ISO 3166-1 alpha-2, or "EU");
// the code itself where the language has no name for it yet. The names are the
// Unicode consortium's. They stand in the files of texts, and not in the library
// that has them all: every start would pay for that one.
func Country(lang, code string) string {
	name, err := Text(lang, "country."+code, nil)
	if err != nil {
		return code
	}
	return name
}
