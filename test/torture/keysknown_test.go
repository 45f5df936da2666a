package torture

// keysKnown is what was acknowledged of the signing keys, by their ids.
type keysKnown struct {
	signed   map[string]bool
	recalled map[string]bool
	affected map[string]bool // badges that went with a key
}

func newKeysKnown() keysKnown {
	return keysKnown{signed: map[string]bool{}, recalled: map[string]bool{}, affected: map[string]bool{}}
}

// signs notes that a key signs from now on.
func (j *journal) signs(kid string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.keys.signed[kid] = true
	j.deeds[rotated]++
}

// recalls notes that a key is revoked, and the badges that went with it.
func (j *journal) recalls(kid string, badges []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.keys.recalled[kid] = true
	for _, id := range badges {
		j.keys.affected[id] = true
	}
	j.deeds[recalled]++
}
