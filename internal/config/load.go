package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/dotenv"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

const prefix = "COCARDE_"

// maxFile bounds a settings file, in bytes.
const maxFile = 64 << 10

// Load reads the file, if a path is given (lines of NAME=value), and then the
// environment (entries of NAME=value, as os.Environ gives them), which prevails.
func Load(path string, environ []string) (Config, error) {
	k := koanf.New("\x00") // no delimiter: names are flat
	if path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("read settings: %w", err)
		}
		if len(b) > maxFile {
			return Config{}, errors.New("read settings: the file is larger than 64 KiB")
		}
		if err := k.Load(rawbytes.Provider(b), dotenv.Parser()); err != nil {
			// The parser quotes what it read, which may be anything.
			return Config{}, fmt.Errorf("read settings: %s is not lines of NAME=value", path)
		}
		if err := known(k.Keys(), path); err != nil {
			return Config{}, err
		}
	}
	env := map[string]any{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, prefix) {
			env[name] = value
		}
	}
	if err := k.Load(confmap.Provider(env, ""), nil); err != nil {
		return Config{}, fmt.Errorf("read environment: %w", err)
	}
	if err := known(k.Keys(), "the environment"); err != nil {
		return Config{}, err
	}
	var c Config
	if err := k.Unmarshal("", &c); err != nil {
		return Config{}, fmt.Errorf("read settings: %w", err)
	}
	return c.complete()
}

// known refuses a name that is no setting, and says where it stands.
func known(names []string, where string) error {
	settings := Names()
	for _, n := range names {
		if !slices.Contains(settings, n) {
			return fmt.Errorf("%s in %s is not a setting; the settings are %s", n, where, strings.Join(settings, ", "))
		}
	}
	return nil
}

// Names lists the settings.
func Names() []string {
	t := reflect.TypeFor[Config]()
	var names []string
	for i := range t.NumField() {
		if n := t.Field(i).Tag.Get("koanf"); n != "" {
			names = append(names, n)
		}
	}
	return names
}
