package postgres

import "testing"

func TestMajor(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]int{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": 15,
		"postgres (PostgreSQL) 19beta1\n":                        19,
		"postgres (PostgreSQL) 20\n":                             20,
		"postgres (PostgreSQL) devel\n":                          0,
		"nothing of the kind":                                    0,
	} {
		if got, err := major(said); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v", said, got, err)
		}
	}
}

func TestFindPrograms(t *testing.T) {
	t.Parallel()
	dir, err := findPrograms()
	check(t, err)
	if v, err := version(dir); err != nil || v < oldest {
		t.Errorf("version %d of %s: %v", v, dir, err)
	}
	if _, err := version(t.TempDir()); err == nil {
		t.Error("an empty folder has a version")
	}
}
