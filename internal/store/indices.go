package store

import "context"

// FreeIndices gives random indices, none twice, that nothing holds yet in the open
// status list: as many as asked for, or fewer where the list is nearly full. It
// reserves nothing.
func (s *Store) FreeIndices(ctx context.Context, n int) (list int64, indices []int64, err error) {
	seen := map[int64]bool{}
	for range n {
		of, i, err := s.FreeIndex(ctx)
		if err != nil {
			return 0, nil, err
		}
		if len(indices) > 0 && of != list { // the next list was just opened
			break
		}
		list = of
		if !seen[i] {
			seen[i] = true
			indices = append(indices, i)
		}
	}
	return list, indices, nil
}

// Taken says whether an attestation, or its loss, holds an index for ever.
func (s *Store) Taken(ctx context.Context, list, index int64) (taken bool, err error) {
	err = s.reader.read(ctx).row(`SELECT EXISTS (SELECT 1 FROM status_entries WHERE list = $1 AND idx = $2)`, args(list, index), &taken)
	return taken, err
}
