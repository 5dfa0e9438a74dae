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

// A picture is shown by a page that runs no script and loads nothing for it, and to people who don't want motion.
func TestThePicturesOfTheReadme(t *testing.T) {
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
				t.Errorf("go run ./screenshots makes it: %v", err)
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
				t.Errorf("%s holds %s", name, bad)
			}
			if strings.Contains(text, "@keyframes") && !strings.Contains(text, "@media (prefers-reduced-motion: reduce){*{animation:none") {
				t.Errorf("%s moves where no motion is wanted", name)
			}
			if len(svg) > 300_000 {
				t.Errorf("%s has %d bytes", name, len(svg))
			}
		}
	}
	for name := range named {
		t.Errorf("the README shows %s, which no scene makes", name)
	}
}
