// Package secretinlog finds passwords, keys and tokens that are written to a log.
//
// While it looks for a mistake, an agent logs what it has in its hands, and the line stays:
//
//	logger.info("login of %s with %s", user, password)
//
// Logs are copied to other systems, kept for years and read by many people who may not log in as that user.
//
// Reported is a log line, or a print, that gets a value whose own name says that it is a password, a passphrase, a private or API key, a secret, or an
// access, refresh or session token; also inside of a text, a list or a dictionary. What is derived from it is not: its length, a hash, a call that
// masks it, a comparison. "token" alone is no such name, since parsers have tokens too, unless it belongs to a user, session or request.
//
// Measured on 4,800 merged commits of sixteen public repositories: one finding, which was right. In the whole trees of sixteen of them there are seven, all
// right.
package secretinlog
