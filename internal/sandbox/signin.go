package sandbox

import "net/http"

const wrongPassword = "Wrong username or password. The accounts to try stand below."

// login is what the two pages that ask for a password have in common.
type login struct {
	Username, Error string
	Demo            []Login
}

func (i *Instance) login(username, problem string) login {
	return login{username, problem, i.logins()}
}

// logins are the accounts to try. Their passwords are no secret here.
func (i *Instance) logins() []Login {
	var logins []Login
	for _, a := range i.all() {
		logins = append(logins, Login{a.username, a.password})
	}
	return logins
}

// home lists the accounts and what can be done with them.
func (i *Instance) home(w http.ResponseWriter, r *http.Request) {
	if negotiate(r.Header) != "html" {
		notFound(w)
		return
	}
	type row struct{ Name, Handle, Edit string }
	v, _ := i.visits.of(r)
	data := struct {
		frame
		Visitor, Token, Mailbox string
		Accounts                []row
		Demo                    []Login
	}{
		frame: i.frame("Start"), Visitor: v.username(), Token: v.token, Mailbox: i.MailURL(), Demo: i.logins(),
	}
	for _, a := range i.all() {
		edit := "/settings/profile"
		if a.Account != v.account {
			edit = "/auth/sign_in?username=" + a.username
		}
		data.Accounts = append(data.Accounts, row{a.username, a.Handle(), edit})
	}
	homePage.write(w, http.StatusOK, data)
}

// signInForm answers GET /auth/sign_in.
func (i *Instance) signInForm(w http.ResponseWriter, r *http.Request) {
	v, known := i.visits.of(r)
	if !known {
		v = i.visits.begin(w, r, nil)
	}
	i.showSignIn(w, http.StatusOK, v, i.login(r.URL.Query().Get("username"), ""))
}

func (i *Instance) showSignIn(w http.ResponseWriter, status int, v visit, l login) {
	title := "Sign in"
	if l.Error != "" {
		title = "Error: " + title
	}
	signInPage.write(w, status, struct {
		frame
		Token string
		Login login
	}{i.frame(title), v.token, l})
}

// startVisit answers POST /auth/sign_in. The browser gets a new cookie, so that
// one that was planted in it is worth nothing.
func (i *Instance) startVisit(w http.ResponseWriter, r *http.Request) {
	v, params, ok := i.form(w, r)
	if !ok {
		return
	}
	username := params.Get("username")
	a, ok := i.signIn(username, params.Get("password"))
	switch {
	case !ok:
		i.showSignIn(w, http.StatusUnprocessableEntity, v, i.login(username, wrongPassword))
	case a.suspended:
		i.problem(w, http.StatusForbidden, "This account is suspended", "It cannot sign in.")
	default:
		i.visits.begin(w, r, a.Account)
		http.Redirect(w, r, "/settings/profile", http.StatusSeeOther)
	}
}

// endVisit answers POST /auth/sign_out.
func (i *Instance) endVisit(w http.ResponseWriter, r *http.Request) {
	if _, _, ok := i.form(w, r); ok {
		i.visits.end(r)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}
