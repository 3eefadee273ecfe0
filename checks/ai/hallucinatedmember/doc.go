// Package hallucinatedmember finds uses of the standard library that it does not have.
//
// Agents write names that sound right, and names of another language:
//
//	os.path.exist(name)              # exists
//	json.dumps(data, pretty=True)    # indent=2
//	items = []
//	items.push(x)                    # append
//
// In Python and JavaScript nothing says so before the line runs. Look the module up, and use what it has.
//
// What modules have is in tables that were made from the interpreters themselves (tables/generate): Python 2.7 and 3.6 to 3.13, Node 20, Java 17, and what
// later versions added as their release notes list it. Judged are members of modules that the file imports under a name that it gives to nothing
// else, keyword arguments of Python functions whose signature is known, static methods of Java classes that are imported by name, and methods of
// variables that are lists, texts or dictionaries for certain. A member that the file itself asks for first (hasattr, try, typeof) or assigns is
// left alone. In Python, what an old version had and a supported one has not is told as removed. Go has go-unknown-member, which knows types.
//
// Measured on all product files of 17 public repositories (12,605 files of Python, JavaScript, TypeScript and Java), as if each were new: one finding that
// is right, Promise.response in parse-server. Nine that were wrong were of two kinds (reflect-metadata, levels added to logging), which are left alone now.
package hallucinatedmember
