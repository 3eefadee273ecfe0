package sample

import (
	"mime"
	"net/http"
	"net/mail"
	"net/smtp"
)

func hits(r *http.Request, c *smtp.Client, to []string) {
	from := r.FormValue("from")
	// ruleid: go-mail-injection
	smtp.SendMail("127.0.0.1:25", nil, from, to, []byte("Subject: Hi\r\n\r\nHello"))
	// ruleid: go-mail-injection
	smtp.SendMail("127.0.0.1:25", nil, "web@example.com", to, []byte("Subject: "+r.URL.Query().Get("subject")+"\r\n\r\nHello"))
	// ruleid: go-mail-injection
	c.Mail(from)
}

func silences(r *http.Request, to []string) {
	addr, err := mail.ParseAddress(r.FormValue("from"))
	if err != nil {
		return
	}
	// ok: go-mail-injection
	smtp.SendMail("127.0.0.1:25", nil, addr.Address, to, []byte("Subject: Hi\r\n\r\nHello"))
	subject := mime.QEncoding.Encode("utf-8", r.FormValue("subject"))
	// ok: go-mail-injection
	smtp.SendMail("127.0.0.1:25", nil, "web@example.com", to, []byte("Subject: "+subject+"\r\n\r\nHello"))
	// ok: go-mail-injection
	smtp.SendMail("127.0.0.1:25", nil, "web@example.com", []string{r.FormValue("to")}, []byte("Subject: Hi\r\n\r\nHello"))
}
