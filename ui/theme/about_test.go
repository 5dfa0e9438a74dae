package theme

import "testing"

func TestLabelsInWords(t *testing.T) {
	for label, want := range map[string]string{
		"Tessella.domains.1.domain": "Tessella domain", "acme.com.domains.2.domain": "acme.com domain 2", "object_type": "Object type",
		"Ida Berg.phone_numbers.1.is_primary": "Ida Berg phone numbers 1 is primary", "board.createdAt": "board created at",
		"ann@b.example.timeZone": "ann@b.example time zone", "St. Mary": "St. Mary", "Dr. A. Ödman": "Dr. A. Ödman", "": "", ".": ".", "..1": ". 1",
		"1.quote": "1 quote", "Score": "Score", "iPhone Ümlaut": "iPhone Ümlaut", "é.aB": "é a b",
	} {
		if got := labelWords(label); got != want {
			t.Errorf("%q is %q, want %q", label, got, want)
		}
	}
}
