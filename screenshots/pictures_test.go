package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The page that shows a picture runs no script and loads no file for it, and some readers want no motion.
func TestPicturesOfTheReadmeAreCompleteAndStatic(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile(`screenshots/([\w-]+\.svg)`).FindAllStringSubmatch(string(readme), -1) {
		named[m[1]] = true
	}
	for _, sc := range scenes {
		for _, p := range pages {
			name := sc.Name + "-" + p.Theme + ".svg"
			delete(named, name)
			svg, err := os.ReadFile(name)
			if err != nil {
				t.Errorf("missing, run go run ./screenshots: %v", err)
				continue
			}
			for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Errorf("%s: %v", name, err)
					break
				}
			}
			text := strings.ReplaceAll(string(svg), `xmlns="http://www.w3.org/2000/svg"`, "")
			if bad := regexp.MustCompile(`<script|href|src=|url\(|@import|@font-face| on\w+=`).FindString(text); bad != "" {
				t.Errorf("%s contains %s", name, bad)
			}
			if strings.Contains(text, "@keyframes") && !strings.Contains(text, "@media (prefers-reduced-motion: reduce){*{animation:none") {
				t.Errorf("%s has an animation without a rule for reduced motion", name)
			}
			if len(svg) > 300_000 {
				t.Errorf("%s has %d bytes, want at most 300,000", name, len(svg))
			}
		}
	}
	for name := range named {
		t.Errorf("the README shows %s, which no scene makes", name)
	}
}
