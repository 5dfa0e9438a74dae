package query

// Word is a word of the language as the reference lists it.
type Word struct{ Name, Help string }

// Fields lists the fields in the order of display; sort is among them.
func Fields() []Word {
	out := make([]Word, len(fields))
	for i, f := range fields {
		out[i] = Word{f.name, f.help}
	}
	return out
}

// Words lists what may follow a field that takes only words: is, has, audience and sort.
func Words(field string) (out []Word) {
	for _, w := range fieldNamed(field).words {
		out = append(out, Word{w.name, w.help})
	}
	return out
}

// Syntax lists what terms can be made of, by examples.
func Syntax() []Word {
	return []Word{
		{"pricing", "in the title, the people or the last message, whatever its case and accents"},
		{"pricing call", "both, in any order"},
		{`"pricing call"`, "these words, as they stand"},
		{"-draft", "what does not match, also -is:public"},
		{"a OR b", "one or the other, with OR in capitals, which binds looser than a space"},
		{"(a OR b) c", "binds together"},
		{`title:"a phrase"`, "a field, a colon and what it is asked for, in quotes where it holds spaces"},
	}
}

// DateWords lists dates that may follow updated: and created: as they stand.
func DateWords() []Word {
	return []Word{
		{"today", "since midnight"}, {"yesterday", "the day before"},
		{"<24h", "younger than 24 hours"}, {"<7d", "younger than 7 days"}, {"<30d", "younger than 30 days"},
		{">7d", "older than 7 days"}, {">30d", "older than 30 days"}, {">90d", "older than 90 days"},
	}
}

// DateUnits lists the units of an age.
func DateUnits() []Word {
	out := make([]Word, len(units))
	for i, u := range units {
		out[i] = Word{u.name, u.help}
	}
	return out
}

// DateForms lists dates of the calendar, by examples.
func DateForms() []Word {
	return []Word{
		{"2026-01-31", "on that day; also 2026-01, 2026"},
		{"<2026-01-31", "before it"},
		{">2026-01-31", "after it"},
		{">=2026-01-31", "on it or after it; also <="},
		{"2026-01..2026-02", "from the start of the one to the end of the other"},
	}
}
