package query

import "encoding/binary"

// FoldVersion is the version of NewSubject and model.FoldText. It must be raised when either makes something else of a row:
// packed subjects of another version are then made anew.
const FoldVersion = 2

// texts returns the texts of a subject in the order in which they are packed. Ref and Account are not packed, because the row
// that stores the packed subject has them.
func (s *Subject) texts() [15]*string {
	return [...]*string{&s.Provider, &s.Kind, &s.Status, &s.Privacy, &s.Title, &s.People, &s.Owner, &s.Team, &s.Space, &s.Channel,
		&s.Company, &s.Roles, &s.Preview, &s.Labels, &s.Access}
}

// numbers returns the numbers of a subject in the order in which they are packed.
func (s *Subject) numbers() [4]*int64 {
	return [...]*int64{&s.SnoozedUntil, &s.Created, &s.Updated, &s.Duration}
}

// Pack returns a subject as it is stored, without its ref and account: the fold version, the flags, the numbers, the length of
// each text, the texts.
func (s *Subject) Pack() []byte {
	dst := []byte{FoldVersion}
	dst = binary.AppendUvarint(dst, uint64(s.Flags))
	for _, n := range s.numbers() {
		dst = binary.AppendVarint(dst, *n)
	}
	texts := s.texts()
	for _, t := range texts {
		dst = binary.AppendUvarint(dst, uint64(len(*t)))
	}
	for _, t := range texts {
		dst = append(dst, *t...)
	}
	return dst
}

// Unpack reads a packed subject. ok is false if there is none, if it is of another version, or if it is damaged. The texts of
// the subject share one string.
func Unpack(packed []byte) (s Subject, ok bool) {
	if len(packed) == 0 || packed[0] != FoldVersion {
		return Subject{}, false
	}
	rest := packed[1:]
	flags, n := binary.Uvarint(rest)
	if n <= 0 || flags > uint64(^Flag(0)) {
		return Subject{}, false
	}
	s.Flags, rest = Flag(flags), rest[n:]
	for _, to := range s.numbers() {
		v, n := binary.Varint(rest)
		if n <= 0 {
			return Subject{}, false
		}
		*to, rest = v, rest[n:]
	}
	texts := s.texts()
	var lengths [len(texts)]int
	for i := range lengths {
		v, n := binary.Uvarint(rest)
		if n <= 0 || v > uint64(len(packed)) {
			return Subject{}, false
		}
		lengths[i], rest = int(v), rest[n:]
	}
	text := string(rest)
	for i, to := range texts {
		if lengths[i] > len(text) {
			return Subject{}, false
		}
		*to, text = text[:lengths[i]], text[lengths[i]:]
	}
	return s, text == ""
}
