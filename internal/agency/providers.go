package agency

import "strings"

// These lists are written by hand and short: they exist for the clear message.
// What they lack is refused as a domain that is not listed.

// roles are mailboxes named after a function: RFC 2142, system accounts, and the
// usual fronts of an office.
var roles = set(`
	info marketing sales support abuse noc security postmaster hostmaster usenet
	news webmaster www uucp ftp
	root admin administrator administrateur sysadmin daemon nobody bounce bounces
	listserv listmaster majordomo mailman sympa list liste ssladmin sslwebmaster
	contact help helpdesk hotline assistance accueil courrier secretariat
	communication presse press office mail webmestre dpo rgpd rssi ssi standard
	all tous toutes everyone diffusion diffusions
`)

// freeMail are providers where anybody has a mailbox.
var freeMail = set(`
	gmail.com googlemail.com
	outlook.com outlook.fr outlook.de hotmail.com hotmail.fr hotmail.de hotmail.it hotmail.es hotmail.co.uk
	live.com live.fr live.be live.co.uk msn.com
	yahoo.com yahoo.fr yahoo.de yahoo.it yahoo.es yahoo.co.uk ymail.com rocketmail.com aol.com
	icloud.com me.com mac.com
	orange.fr wanadoo.fr free.fr sfr.fr neuf.fr cegetel.net numericable.fr numericable.com 9online.fr
	9business.fr club-internet.fr aliceadsl.fr libertysurf.fr bbox.fr laposte.net mailo.com
	proton.me protonmail.com protonmail.ch pm.me tutanota.com tuta.com tuta.io posteo.net posteo.de
	mailbox.org disroot.org riseup.net fastmail.com fastmail.fm hey.com zoho.com mail.com
	gmx.com gmx.net gmx.de gmx.fr gmx.at gmx.ch web.de t-online.de freenet.de bluewin.ch
	libero.it virgilio.it tiscali.it seznam.cz wp.pl onet.pl o2.pl interia.pl
	telenet.be skynet.be ziggo.nl kpnmail.nl telefonica.net btinternet.com
	yandex.com yandex.ru mail.ru bk.ru inbox.ru list.ru qq.com 163.com 126.com naver.com
`)

// disposable are providers whose mailboxes anybody can read, or that vanish.
var disposable = set(`
	yopmail.com yopmail.fr yopmail.net cool.fr.nf jetable.fr.nf courriel.fr.nf moncourrier.fr.nf
	monemail.fr.nf monmail.fr.nf jetable.org jetable.com
	mailinator.com guerrillamail.com guerrillamail.org guerrillamail.net guerrillamail.info
	guerrillamail.biz guerrillamail.de guerrillamailblock.com sharklasers.com grr.la spam4.me pokemail.net
	10minutemail.com 20minutemail.com temp-mail.org tempmail.com tempr.email discard.email
	trashmail.com trashmail.net trashmail.me wegwerfmail.de spamgourmet.com mytrashmail.com
	throwawaymail.com getnada.com nada.email maildrop.cc dispostable.com mailnesia.com mailcatch.com
	mohmal.com moakt.com fakeinbox.com mintemail.com mytemp.email emailondeck.com burnermail.io
	mail-temporaire.fr spambox.us tempinbox.com anonbox.net
`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		m[word] = true
	}
	return m
}
