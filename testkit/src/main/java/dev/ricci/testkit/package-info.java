/** Arbitraries, assertions, the op catalogue and the conformance suites. */
package dev.ricci.testkit;
