package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"confab/config"
	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// errBack is the answer esc: the question before is asked again.
var errBack = errors.New("back to the question before")

// choice is one of several answers.
type choice struct{ word, label string }

// say prints a remark, wrapped at words for the terminal.
func (s *setUp) say(format string, args ...any) { s.hang("", fmt.Sprintf(format, args...)) }

// hang prints a remark behind a head.
func (s *setUp) hang(head, text string) {
	if text = s.plainText(text); s.Width() > 0 {
		s.printLines(s.Err, layout.Measure{}.Hang(head, text, s.Width())...)
		return
	}
	s.printLines(s.Err, head+text)
}

// ask asks for a line of text, blanks at its ends trimmed.
func (s *setUp) ask(ctx context.Context, question string) (string, error) {
	for {
		lines := []string{question}
		if w := s.Width(); w > 0 {
			lines = layout.Measure{}.Wrap(question, max(1, w-2))
		}
		fmt.Fprint(s.Err, s.plainText(strings.Join(lines, "\n")+": "))
		line, err := s.asked.line(ctx)
		if errors.Is(err, errNoAnswer) {
			fmt.Fprintln(s.Err)
		}
		if err != nil {
			return "", err
		}
		line = strings.TrimSpace(line)
		switch {
		case line != "" && strings.Trim(line, "\x1b") == "":
			return "", errBack
		case !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl):
			s.say("That holds a character that can't be typed here.")
		default:
			return line, nil
		}
	}
}

// choose asks for one of several answers, by its number, its word or the
// beginning of that. Without an answer it is standard, "" for none.
func (s *setUp) choose(ctx context.Context, question string, choices []choice, standard string) (string, error) {
	s.say("%s", question)
	var words []string
	for i, c := range choices {
		words = append(words, c.word)
		if head := fmt.Sprintf("  %d  ", i+1); strings.EqualFold(c.word, c.label) {
			s.hang(head, c.label)
		} else {
			s.hang(fmt.Sprintf("%s%-9s", head, c.word), c.label)
		}
	}
	prompt := "Number or word"
	if standard != "" {
		prompt += " (enter: " + standard + ")"
	}
	for {
		answer, err := s.ask(ctx, prompt)
		if err != nil {
			return "", err
		}
		answer = strings.ToLower(cmp.Or(answer, standard))
		var like []string
		for i, c := range choices {
			if answer == c.word || answer == strconv.Itoa(i+1) {
				return c.word, nil
			}
			if answer != "" && strings.HasPrefix(c.word, answer) {
				like = append(like, c.word)
			}
		}
		if len(like) == 1 {
			return like[0], nil
		}
		s.say("Type a number from 1 to %d, or its word%s", len(choices), cmp.Or(suggest(answer, words, ""), "."))
	}
}

// text asks until what set then puts into the account is right. Without an answer it is standard.
func (s *setUp) text(ctx context.Context, question, key, standard string, set func(answer string) (complaint string)) error {
	if standard != "" {
		question += " (enter: " + standard + ")"
	}
	for {
		answer, err := s.ask(ctx, question)
		if err != nil {
			return err
		}
		if complaint := set(cmp.Or(answer, standard)); complaint != "" {
			s.say("%s", complaint)
			continue
		}
		_, problems := config.ReadBlock(s.setup.Paths.Config, s.draft, s.Validators)
		if problems = problems.Of(key); len(problems) == 0 {
			return nil
		}
		s.complainOf(problems)
	}
}

func (s *setUp) complainOf(problems config.Errors) {
	for _, p := range problems {
		line := strings.ToUpper(p.Message[:1]) + p.Message[1:]
		if p.Suggestion != "" {
			line += fmt.Sprintf("; did you mean %q?", p.Suggestion)
		}
		s.say("%s", model.CleanLine(line, 500))
	}
}

// questions asks all there is to know of an account; which that is depends on the
// answers. What was answered before is what enter gives.
func (s *setUp) questions(ctx context.Context) error {
	for at := 0; ; at++ {
		all := []func(context.Context) error{s.askService, s.askName, s.askCredential}
		rules := s.rules()
		for _, key := range askedSettings(rules) {
			if rule := rules.Settings[key]; rule.With == "" || s.draft.Settings[rule.With] != nil {
				all = append(all, func(ctx context.Context) error { return s.askSetting(ctx, key, rule) })
			}
		}
		all = append(all, s.askAddress)
		if at == len(all) {
			return nil
		}
		switch err := all[at](ctx); {
		case errors.Is(err, errBack) && at == 0:
			return errLeave
		case errors.Is(err, errBack):
			at -= 2
		case err != nil:
			return err
		}
	}
}

// askedSettings lists the settings to ask for, the needed ones first.
func askedSettings(rules config.ProviderRules) (keys []string) {
	for key, rule := range rules.Settings {
		if rule.Required || rule.Asked {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		if x, y := rules.Settings[a].Required, rules.Settings[b].Required; x != y {
			return map[bool]int{true: -1, false: 1}[x]
		}
		return strings.Compare(a, b)
	})
	return keys
}

func (s *setUp) rules() config.ProviderRules { return s.Validators.Providers[s.draft.Provider] }

func (s *setUp) service() Service { return s.serviceOf(s.draft.Provider) }

func (s *setUp) serviceOf(provider string) Service {
	i := slices.IndexFunc(s.Services, func(x Service) bool { return x.Name == provider })
	if i < 0 {
		return Service{Name: provider, Title: provider}
	}
	return s.Services[i]
}

// keyOf returns what a service calls its credential.
func (s *setUp) keyOf(provider string) string {
	what, _, _ := strings.Cut(cmp.Or(s.serviceOf(provider).Key, "credential"), ",")
	return what
}

func (s *setUp) askService(ctx context.Context) error {
	var choices []choice
	for _, x := range s.Services {
		choices = append(choices, choice{x.Name, x.Title})
	}
	word, err := s.choose(ctx, "Which service?", choices, s.draft.Provider)
	if err == nil && word != s.draft.Provider {
		s.draft = config.Account{Provider: word, Settings: map[string]any{}}
	}
	return err
}

func (s *setUp) askName(ctx context.Context) error {
	taken := func(name string) bool {
		return slices.ContainsFunc(slices.Concat(s.others, s.accounts), func(a config.Account) bool { return strings.EqualFold(a.Name, name) })
	}
	free := s.draft.Provider
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s-%d", s.draft.Provider, n)
	}
	const question = "A name for the account, as the list shows it"
	return s.text(ctx, question, "name", cmp.Or(s.draft.Name, free), func(name string) string {
		if taken(name) {
			return "There is an account " + name + " already."
		}
		s.draft.Name = name
		return ""
	})
}

func (s *setUp) askCredential(ctx context.Context) error {
	what, where, _ := strings.Cut(cmp.Or(s.service().Key, "credential"), ", ")
	if where != "" {
		where = " It is " + where + "."
	}
	optional := ""
	if s.rules().CredentialOptional {
		optional = "there is none: by signing in, or by a refresh token"
	}
	ask := secretQuestion{key: "credential", variable: "api_key", what: what, where: where, none: optional,
		was: s.draft.Credential, put: func(c config.Credential) { s.draft.Credential = c }}
	return s.askSecret(ctx, ask)
}

func (s *setUp) askSetting(ctx context.Context, key string, rule config.SettingRule) error {
	if rule.Secret {
		was, _ := s.draft.Settings[key].(config.Credential)
		return s.askSecret(ctx, secretQuestion{key: "settings." + key, variable: key, what: strings.ReplaceAll(key, "_", " "),
			none: "there is none", was: was, put: func(c config.Credential) {
				if delete(s.draft.Settings, key); !c.IsZero() {
					s.draft.Settings[key] = c
				}
			}})
	}
	question := strings.ReplaceAll(key, "_", " ") + ": " + rule.Help
	was, _ := s.draft.Settings[key].(string)
	if !rule.Required && was == "" && rule.Default == "" {
		question += " (enter: none)"
	}
	return s.text(ctx, question, "settings."+key, cmp.Or(was, rule.Default), func(answer string) string {
		delete(s.draft.Settings, key)
		switch {
		case answer == "" && rule.Required:
			return "This one is needed."
		case answer != "" && answer != rule.Default:
			s.draft.Settings[key] = answer
		}
		return ""
	})
}

func (s *setUp) askAddress(ctx context.Context) error {
	own := s.rules().DefaultBaseURL
	return s.text(ctx, "Address of the service", "base_url", cmp.Or(s.draft.BaseURL, own), func(answer string) string {
		if s.draft.BaseURL = answer; answer == own {
			s.draft.BaseURL = ""
		}
		return ""
	})
}

// secretQuestion asks where a secret is.
type secretQuestion struct {
	key, variable string // in the config, and in the name of a variable
	what, where   string // for people: what it is, and where one gets it
	none          string // what it means that there is none; "" where it is needed
	was           config.Credential
	put           func(config.Credential)
}

func (s *setUp) askSecret(ctx context.Context, q secretQuestion) error {
	choices := []choice{{"env", "in an environment variable"}, {"command", "a command prints it"}, {"file", "in a file that only you can read"},
		{"keyring", "in the keyring of this system"}, {"type", "type or paste it now; it never goes into the config"}}
	standard := "type"
	if q.none != "" {
		choices, standard = append(choices, choice{"none", q.none}), "none"
	}
	if !q.was.IsZero() {
		choices, standard = append(choices, choice{"same", "as before: " + q.was.String()}), "same"
	}
	for {
		word, err := s.choose(ctx, "Where is the "+q.what+"?"+q.where, choices, standard)
		if err != nil {
			return err
		}
		switch word {
		case "same":
			return nil
		case "none":
			q.put(config.Credential{})
			return nil
		case "type":
			err = s.typeSecret(ctx, q)
		default:
			err = s.askSource(ctx, word, q)
		}
		if !errors.Is(err, errBack) {
			return err
		}
	}
}

// askSource asks what a secret is called where it is.
func (s *setUp) askSource(ctx context.Context, word string, q secretQuestion) error {
	switch word {
	case "env":
		return s.text(ctx, "Name of the variable", q.key, config.EnvFor(s.draft.Name, q.variable), func(answer string) string {
			q.put(config.Credential{Env: answer})
			return ""
		})
	case "command":
		question := "Command that prints it, such as pass show " + s.draft.Name + "; it is run without a shell"
		return s.text(ctx, question, q.key, "", func(answer string) string {
			words := splitCommand(answer)
			if len(words) == 0 {
				return "A command, such as pass show " + s.draft.Name + "."
			}
			q.put(config.Credential{Command: words})
			return ""
		})
	case "file":
		return s.text(ctx, "Path of the file", q.key, "", func(answer string) string {
			if answer == "" {
				return "A path, such as ~/.secrets/" + s.draft.Name + "."
			}
			if abs, err := filepath.Abs(answer); err == nil && !strings.HasPrefix(answer, "~/") {
				answer = abs
			}
			q.put(config.Credential{File: answer})
			return ""
		})
	}
	entry, err := (config.Resolver{}).FreeEntry(ctx, s.draft.Name)
	if err != nil {
		return s.noKeyring(ctx, err)
	}
	return s.text(ctx, "Its entry: NAME, or SERVICE/NAME", q.key, entry, func(answer string) string {
		q.put(config.Credential{Keyring: answer})
		return ""
	})
}

// noKeyring says why no keyring can be used, and goes back to the question where the secret is.
func (s *setUp) noKeyring(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.say("%s", model.CleanLine(err.Error(), 500))
	return errBack
}

// typeSecret reads a secret without showing it, and asks where it is to be kept.
func (s *setUp) typeSecret(ctx context.Context, q secretQuestion) error {
	secret := ""
	for secret == "" {
		shown := func() {}
		if s.Silence != nil {
			shown = s.Silence()
		}
		line, err := s.ask(ctx, strings.ToUpper(q.what[:1])+q.what[1:]+", which is not shown")
		shown()
		if err != nil {
			return err
		}
		if secret = line; secret == "" {
			s.say("Nothing was typed; esc and enter goes back.")
		}
	}
	s.say("%s.", theme.Count(utf8.RuneCountInString(secret), "character"))
	name := s.draft.Name + "." + strings.TrimPrefix(q.key, "settings.")
	c := config.Credential{File: s.setup.Paths.FreeFile(name)}
	choices := []choice{{"keyring", "in the keyring of this system"}, {"file", "in " + c.File + ", which only you can read"}}
	standard := "keyring"
	entry, unusable := (config.Resolver{}).FreeEntry(ctx, name)
	if unusable != nil {
		standard = "file"
	}
	for {
		switch word, err := s.choose(ctx, "Where is it to be kept?", choices, standard); {
		case err != nil:
			return err
		case word == "keyring" && unusable != nil:
			if err := s.noKeyring(ctx, unusable); !errors.Is(err, errBack) {
				return err
			}
			continue
		case word == "keyring":
			c = config.Credential{Keyring: entry}
		}
		s.typed[c.String()] = secret
		q.put(c)
		return nil
	}
}

// splitCommand splits a command line into words at blanks outside quotes.
func splitCommand(line string) (words []string) {
	var quote rune
	var word strings.Builder
	begun := false
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote == 0 && unicode.IsSpace(c):
			end()
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	end()
	return words
}
