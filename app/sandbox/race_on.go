//go:build race

package sandbox

// raceDetector says that this is a test build with the race detector.
const raceDetector = true
