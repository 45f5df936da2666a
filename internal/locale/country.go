package locale

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country gives the name of a country by its code (ISO 3166-1 alpha-2, or "EU"), as
// the Unicode consortium has it; the code itself where there is none.
func Country(lang, code string) string {
	region, err := language.ParseRegion(code)
	names := display.Regions(language.Make(lang))
	if err != nil || names == nil {
		return code
	}
	if name := names.Name(region); name != "" {
		return name
	}
	return code
}
