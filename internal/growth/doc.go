// Package growth runs the program on inputs that somebody shaped to make it slow
// or large, and says how time, memory and output grow with them: make growth.
//
// Every structure is run with n, 2n and 4n of what grows. It is compared with an
// ordinary night that has the same number of unpacked bytes of each kind. As part of
// all tests each structure is run once and small, so that it stays readable. It
// consists of tests alone, as it starts a program that only tests need.
package growth
