/** Studies of published claims: experiments, their numbers, and a report that is made from the numbers alone. */
package dev.ricci.examples.study;
