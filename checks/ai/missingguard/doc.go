// Package missingguard finds new routes without the guard that the routes beside them have.
//
// Access control is what today's coding agents get wrong most: the new endpoint works, its tests pass, and everybody may call it. What it should
// have is written on its siblings:
//
//	@router.post("/users", dependencies=[Depends(require_admin)])
//	def create(...): ...
//
//	@router.post("/users/import")              # new, and open to everybody
//	def import_users(...): ...
//
// The check reads routes of Flask, FastAPI, Django and Django REST framework; Express, Koa's router, Fastify and Nest; chi, gin, echo, fiber and
// net/http; Spring and JAX-RS. A guard is a decorator, annotation, dependency, middleware or a call at the start of the handler whose name
// speaks of access (require_admin, login_required, UseGuards, PreAuthorize). Siblings are the routes of the same file on the same router.
//
// A new route that changes something is told as high when at least three siblings, and four of five, have a guard, and as medium when at least two,
// and three of five, have one. It does not block: a group of routes may be guarded where the file does not say it. A new route that only reads is told when at least four, and nine of ten, have one. Routes whose names say that they are
// open (login, health, webhook, callback, ...) are left alone, and so is a router or class that is guarded as a whole.
//
// Measured on 998 commits of ten public repositories: nothing. On the whole of one more, read as if all were new: eight, of which those read were
// guarded by the group around them or open on purpose.
package missingguard
