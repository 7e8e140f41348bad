/** An HTTP server with the interface of OpenAI's, for models that run in this process. */
package dev.ricci.models.serve;
