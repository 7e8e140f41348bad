package dev.ricci.examples;

import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainingListener;

/**
 * Ends a training after the step that runs when the user asks for it.
 *
 * @param request the user's wish
 * @param trainer what obeys it
 */
record StopListener(StopRequest request, Trainer trainer) implements TrainingListener {
    @Override
    public void onStep(Step event) {
        if (request.requested()) {
            trainer.stop();
        }
    }
}
