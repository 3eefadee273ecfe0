package server

// defaultSandbox is the mode where none is configured: on Linux every layer can be had, so none may be missing.
const defaultSandbox = "require"
