package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// kept is the path of the views that were kept from the screen, as the settings file would hold them.
func (p Paths) kept() string { return filepath.Join(p.State, "views.toml") }

// KeptViews reads the views that were kept from the screen. Its error says what is wrong with the file and where, as
// that of Load does.
func (p Paths) KeptViews(v Validators) ([]View, error) {
	data, err := readPrivate(p.kept(), maxConfigSize+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("the views that were kept can't be read: %w", err)
	}
	c, err := Decode(p.kept(), data, v)
	if err != nil || c.DefaultedViews {
		return nil, err
	}
	return c.Views, nil
}

// KeepView keeps a view; DropView forgets one. A file that is damaged stays as it is.
func (p Paths) KeepView(view View, v Validators) error {
	return p.changeViews(v, func(list []View) []View { return append(without(list, view.Name), view) })
}

func (p Paths) DropView(name string, v Validators) error {
	return p.changeViews(v, func(list []View) []View { return without(list, name) })
}

func (p Paths) changeViews(v Validators, change func([]View) []View) error {
	list, err := p.KeptViews(v)
	if err != nil {
		return err
	}
	data := []byte(ViewsTOML(change(list)))
	if _, err := Decode(p.kept(), data, v); err != nil {
		return err
	}
	return replacePrivate(p.kept(), data)
}

func without(list []View, name string) []View {
	return slices.DeleteFunc(list, func(v View) bool { return strings.EqualFold(v.Name, name) })
}

// ViewsTOML writes views as the settings file holds them.
func ViewsTOML(list []View) string {
	var b bytes.Buffer
	if len(list) > 0 {
		// What fails is a text that is no UTF-8, and no view has one.
		_ = toml.NewEncoder(&b).Encode(struct {
			Views []View `toml:"view"`
		}{list})
	}
	return b.String()
}

// AllViews returns views with those that were kept: a name of the config wins.
func AllViews(config, kept []View) []View {
	all := slices.Clone(config)
	for _, v := range kept {
		if !slices.ContainsFunc(config, func(c View) bool { return strings.EqualFold(c.Name, v.Name) }) {
			all = append(all, v)
		}
	}
	return all
}
