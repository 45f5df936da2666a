package main

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// run follows a recipe, and gives what it printed. Pairs of changes stand for what an operator puts in.
func (s *site) run(name string, changes ...string) (said string) {
	s.t.Helper()
	if s.scripts[name] == "" {
		s.t.Fatalf("there is no recipe %q among %q", name, slices.Sorted(maps.Keys(s.scripts)))
	}
	var lines strings.Builder
	for line := range strings.Lines(strings.NewReplacer(changes...).Replace(s.scripts[name])) {
		command, managed := strings.CutPrefix(line, "systemctl ")
		if !managed {
			lines.WriteString(line)
			continue
		}
		said += s.sh(lines.String())
		lines.Reset()
		s.manage(strings.Fields(strings.ReplaceAll(command, "'", "")))
	}
	return said + s.sh(lines.String())
}

// manage does what a service manager is told.
func (s *site) manage(command []string) {
	s.t.Helper()
	stops := slices.Contains([]string{"stop", "restart"}, command[0])
	starts := slices.Contains([]string{"start", "restart"}, command[0]) || slices.Contains(command, "--now")
	for _, unit := range command[1:] {
		port, server := strings.CutPrefix(unit, "cocarde@")
		if unit == "cocarde" {
			port, server = "8081", true
		}
		switch {
		case !server || s.database == nil && port == "8082": // on SQLite there is one
		case stops && port == "*":
			s.stop()
		default:
			if stops {
				end(s.servers[port])
			}
			if starts {
				s.serve(port)
			}
		}
	}
}

// stop ends every server.
func (s *site) stop() {
	for _, server := range s.servers {
		end(server)
	}
	clear(s.servers)
}

// sh runs lines as an operator types them; one that fails ends the test.
func (s *site) sh(lines string) string {
	s.t.Helper()
	said, err := s.try(lines)
	if err != nil {
		s.t.Fatalf("%v\n%s\n%s", err, lines, said)
	}
	return said
}

func (s *site) try(lines string) (said string, err error) {
	cmd := exec.CommandContext(s.t.Context(), "sh", "-eu", "-c", lines)
	cmd.Dir, cmd.Env = s.dir, s.environ()
	text, err := cmd.CombinedOutput()
	return string(text), err
}

func (s *site) environ() []string {
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is sound
	path := append([]string{s.dir + "/shims", s.dir + "/usr/local/bin", os.Getenv("PATH")}, programs...)
	return []string{"PATH=" + strings.Join(path, ":"), "HOME=" + s.dir}
}

// settings are those that a unit gives beside the file.
func (s *site) settings(port string) (all []string) {
	for line := range strings.Lines(strings.ReplaceAll(s.files["/etc/systemd/system/cocarde@.service"], "%i", port)) {
		if setting, ok := strings.CutPrefix(strings.TrimSpace(line), "Environment="); ok && s.database != nil {
			all = append(all, setting)
		}
	}
	return all
}

// serve starts a server, and waits until it is ready.
func (s *site) serve(port string) {
	s.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), "cocarde", "serve", s.conf())
	cmd.Dir, cmd.Env = s.dir, append(s.environ(), s.settings(port)...)
	s.log = &output{}
	cmd.Stderr = s.log
	must(s.t, cmd.Start())
	s.servers[port] = cmd
	s.t.Cleanup(func() { end(cmd) })
	s.until(func() bool { return s.get("http://"+s.address+":"+port+"/readyz") != "" })
}
