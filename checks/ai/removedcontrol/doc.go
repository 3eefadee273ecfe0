// Package removedcontrol finds security controls that a change takes away.
//
// An agent that is asked to make something work may take out what stands in its way: the permission check, the CSRF protection, the
// escaping, the signature verification. The code that is left looks fine by itself; only the comparison with the base shows what is gone.
//
// The check compares each function of the base with the function of the same name at head: decorators and annotations that restrict
// access, calls that verify, authorise, sanitise or escape, conditions that refuse (401, 403, PermissionDenied), and guards handed to a
// route. A control that the change adds elsewhere has moved, and is not reported; nor is one whose whole function is gone, nor one that is
// replaced by another control in the same function.
package removedcontrol
