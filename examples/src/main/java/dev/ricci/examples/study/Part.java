package dev.ricci.examples.study;

import java.util.List;
import java.util.Map;

/** A part of a study, with a file of its own. */
interface Part {
    /** Its name: that of the file, too. */
    String name();

    /** What its numbers depend on, as JSON has it: a file that was begun with other settings is not gone on with. */
    Map<String, Object> settings();

    /** Its work, the same list in every run. */
    List<StudyLog.Unit> units() throws Exception;
}
