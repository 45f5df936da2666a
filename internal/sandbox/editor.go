package sandbox

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// editorRow is one row of the form.
type editorRow struct {
	Number         int
	Name, Value    string
	Checked        string // the day when the link was seen to lead back
	Error, Problem string // why it is not taken; why it is not green
}

// form reads a form that a browser sends back, and refuses one that was not
// made for it. It answers the request itself when it returns false.
func (i *Instance) form(w http.ResponseWriter, r *http.Request) (visit, url.Values, bool) {
	params, ok := readParams(w, r)
	if !ok {
		return visit{}, nil, false
	}
	v, known := i.visits.of(r)
	if !known || !v.allows(r) {
		i.problem(w, http.StatusForbidden, "This form is out of date", "Go back, load the page again, and send it once more.")
		return visit{}, nil, false
	}
	return v, params, true
}

// editProfile answers GET /settings/profile.
func (i *Instance) editProfile(w http.ResponseWriter, r *http.Request) {
	v, _ := i.visits.of(r)
	if v.account == nil {
		http.Redirect(w, r, "/auth/sign_in", http.StatusSeeOther)
		return
	}
	var rows []editorRow
	for n, f := range v.account.Fields() {
		row := editorRow{Name: f.Name, Value: f.Value, Checked: day(f.VerifiedAt)}
		if v.saved != nil && n < len(v.saved.problems) {
			row.Problem = v.saved.problems[n]
		}
		rows = append(rows, row)
	}
	i.visits.tell(r, nil)
	i.showEditor(w, http.StatusOK, v, rows, "")
}

// saveProfile answers POST /settings/profile.
func (i *Instance) saveProfile(w http.ResponseWriter, r *http.Request) {
	v, params, ok := i.form(w, r)
	switch {
	case !ok:
		return
	case v.account == nil:
		http.Redirect(w, r, "/auth/sign_in", http.StatusSeeOther)
		return
	case v.account.snapshot().suspended:
		i.problem(w, http.StatusForbidden, "This account is suspended", "Its profile cannot be changed.")
		return
	}
	fields, _ := fieldsFrom(params)
	withoutDeadline(w)
	problems, err := v.account.saveFields(r.Context(), fields)
	if err != nil {
		i.showMistake(w, v, fields, err)
		return
	}
	i.visits.tell(r, &saved{problems})
	http.Redirect(w, r, "/settings/profile", http.StatusSeeOther)
}

// showMistake shows the form again as it was sent, the error beside its row.
func (i *Instance) showMistake(w http.ResponseWriter, v visit, fields []Field, err error) {
	var rows []editorRow
	for _, f := range fields[:min(len(fields), maxFields)] {
		rows = append(rows, editorRow{Name: f.Name, Value: f.Value})
	}
	alert := "Not saved: " + err.Error() + "."
	var mistake *fieldError
	if errors.As(err, &mistake) {
		rows[mistake.row].Error = mistake.text
		alert = "Not saved: see field " + strconv.Itoa(mistake.row+1) + "."
	}
	v.saved = nil
	i.showEditor(w, http.StatusUnprocessableEntity, v, rows, alert)
}

func (i *Instance) showEditor(w http.ResponseWriter, status int, v visit, rows []editorRow, alert string) {
	title := "Edit your profile"
	if alert != "" {
		title = "Error: " + title
	}
	rows = append(rows, make([]editorRow, maxFields-len(rows))...)
	for n := range rows {
		rows[n].Number = n + 1
	}
	editorPage.write(w, status, struct {
		frame
		Handle, Profile, Token, Alert string
		Saved                         bool
		Rows                          []editorRow
	}{i.frame(title), v.account.Handle(), v.account.URL(), v.token, alert, v.saved != nil, rows})
}

var fieldParam = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^fields_attributes\[([0-9]{1,4})\]\[(name|value)\]$`)
})

// fieldsFrom reads the rows of a profile as Mastodon's forms and clients send
// them, in the order of their numbers; given tells whether there are any.
func fieldsFrom(params url.Values) (fields []Field, given bool) {
	byNumber := map[int]Field{}
	for param, values := range params {
		found := fieldParam().FindStringSubmatch(param)
		if found == nil {
			continue
		}
		n, err := strconv.Atoi(found[1])
		if err != nil {
			continue
		}
		f := byNumber[n]
		if found[2] == "name" {
			f.Name = values[0]
		} else {
			f.Value = values[0]
		}
		byNumber[n] = f
	}
	for _, n := range slices.Sorted(maps.Keys(byNumber)) {
		fields = append(fields, byNumber[n])
	}
	return fields, len(fields) > 0
}

// withoutDeadline lets an answer wait for the looks at links, which have their
// own bounds, longer than the server's.
func withoutDeadline(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	c.SetReadDeadline(time.Time{}) // a connection without deadlines needs none lifted
	c.SetWriteDeadline(time.Time{})
}
