// Package chaos tests the whole program while what it stands on fails: stores
// that answer wrongly, slowly or not at all, servers that restart, disks that
// are full, processes that are killed, stopped, woken and started ten times.
// After each blow the stored bytes alone are asked whether anything was lost.
//
// As part of all tests it takes samples. With CHAOS=1, as in make chaos, it
// does everything, and says at the end what came of it.
package chaos
