// Package passthrough finds functions that should refuse something and accept everything.
//
// A function named like a control is trusted by its name. One that returns true, or gives back what it was given, makes every caller believe
// that something was checked:
//
//	def verify_signature(body, signature):
//	    return True
//
//	function sanitizeHtml(html) { return html; }
//
// Write the check, or leave the function out, so that callers see that nothing is checked.
//
// The name has to begin with what it does (verify, validate, check, authorize, sanitize, escape) or ask it (is_authorized, has_permission),
// and for words that have other meanings it has to say what is protected. It blocks where that is a signature, a token, a password, a
// permission, or text that is made safe; otherwise it is told. Left alone are doubles and types that say they allow everything (Noop, AllowAll,
// Anonymous, Base, Default), defaults of interfaces, methods that a framework asks for (validate, clean), type guards of the platform, and tests.
//
// Measured on 998 commits of ten public repositories: nothing.
package passthrough
