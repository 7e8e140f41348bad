/** Language models as they are published: read from whatever files, and saved. */
package dev.ricci.models;
