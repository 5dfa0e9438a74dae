package ui_test

import (
	"bytes"
	"io"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// counting is a terminal that measures text rune by rune until it is told to measure grapheme
// clusters (mode 2027). The emulator below it always measures clusters.
type counting struct{ clusters bool }

func (c *counting) write(to io.Writer, p []byte) error {
	set := bytes.LastIndex(p, []byte(ansi.SetModeUnicodeCore))
	reset := bytes.LastIndex(p, []byte(ansi.ResetModeUnicodeCore))
	if set >= 0 || reset >= 0 {
		c.clusters = set > reset
	}
	for len(p) > 0 {
		i := bytes.IndexFunc(p, func(r rune) bool { return r >= utf8.RuneSelf })
		switch {
		case i < 0:
			i = len(p)
		case i > 0 && p[i-1] > ' ':
			i-- // it may be the base of a cluster
		}
		if _, err := to.Write(p[:i]); err != nil {
			return err
		}
		if p = p[i:]; len(p) == 0 {
			break
		}
		cluster, width := ansi.FirstGraphemeCluster(p, ansi.GraphemeWidth)
		p = p[len(cluster):]
		for _, piece := range c.pieces(cluster, width) {
			if _, err := to.Write(piece); err != nil {
				return err
			}
		}
	}
	return nil
}

// pieces returns the runs of bytes that the emulator receives for a cluster, one by one.
func (c *counting) pieces(cluster []byte, width int) [][]byte {
	base, _ := utf8.DecodeRune(cluster)
	switch {
	case c.clusters && base >= utf8.RuneSelf:
		return [][]byte{cluster}
	case c.clusters && width > 1:
		return [][]byte{[]byte("＃")} // a keycap; the emulator can't combine it with ASCII
	case base < utf8.RuneSelf:
		cluster = bytes.Map(func(r rune) rune {
			if r != base && ansi.StringWidthWc(string(r)) == 0 {
				return -1
			}
			return r
		}, cluster)
	}
	var out [][]byte
	for len(cluster) > 0 {
		_, n := utf8.DecodeRune(cluster)
		for n < len(cluster) {
			r, size := utf8.DecodeRune(cluster[n:])
			if ansi.StringWidthWc(string(r)) > 0 {
				break
			}
			n += size
		}
		out = append(out, alone(cluster[:n]))
		cluster = cluster[n:]
	}
	return out
}

// alone returns a rune and its combining marks in a form that the emulator measures like the rune.
func alone(piece []byte) []byte {
	r, _ := utf8.DecodeRune(piece)
	want := ansi.StringWidthWc(string(r))
	for _, text := range []string{string(piece), string(r), "##"[:min(want, 2)]} {
		if ansi.StringWidth(text) == want {
			return []byte(text)
		}
	}
	return nil
}
