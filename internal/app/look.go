package app

import (
	"time"

	"cocarde.example/internal/config"
	"cocarde.example/internal/web"
)

// look is how the issuer presents itself, as the pages want it.
func look(c config.Config) web.Look {
	own := c.Look()
	return web.Look{
		Name: c.Name, Colours: own.Colours, Logo: own.Logo, Contact: own.Contact, ContactText: own.ContactText(), Lang: c.Lang,
		MailboxDays: int(c.Mailbox() / (24 * time.Hour)),
		Closes:      c.Closing(),
		Legal: func(lang string) []web.Paragraph {
			var all []web.Paragraph
			for _, p := range own.Legal(lang) {
				all = append(all, web.Paragraph(p))
			}
			return all
		},
	}
}
