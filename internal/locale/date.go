package locale

import (
	"strconv"
	"time"
)

// Date writes the day of a time, in UTC, as the language's readers do.
func Date(lang string, t time.Time) (string, error) {
	t = t.UTC()
	month, err := Text(lang, "month."+strconv.Itoa(int(t.Month())), nil)
	if err != nil {
		return "", err
	}
	return Text(lang, "date", map[string]any{"Day": t.Day(), "Month": month, "Year": t.Year()})
}

// Moment writes a time to the minute, in UTC.
func Moment(lang string, t time.Time) (string, error) {
	day, err := Date(lang, t)
	if err != nil {
		return "", err
	}
	t = t.UTC()
	return Text(lang, "moment", map[string]any{"Date": day, "Hour": t.Hour(), "Minute": t.Format("04")})
}
