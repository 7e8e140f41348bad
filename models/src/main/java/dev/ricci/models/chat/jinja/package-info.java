/** The part of the Jinja language that chat templates are written in. */
package dev.ricci.models.chat.jinja;
