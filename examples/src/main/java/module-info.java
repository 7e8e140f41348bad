/** Runnable programs and the command line. */
module dev.ricci.examples {
    requires dev.ricci.models;
    requires transitive info.picocli;
    requires java.management;
    requires jdk.management;

    exports dev.ricci.examples;

    // picocli sets the annotated fields.
    opens dev.ricci.examples to info.picocli;
    opens dev.ricci.examples.study to info.picocli;
    opens dev.ricci.examples.tutorial to info.picocli;

    uses dev.ricci.examples.RicciCommand;

    provides dev.ricci.examples.RicciCommand with
        dev.ricci.examples.TrainCommand,
        dev.ricci.examples.FinetuneCommand,
        dev.ricci.examples.GenerateCommand,
        dev.ricci.examples.RunCommand,
        dev.ricci.examples.TokenizeCommand,
        dev.ricci.examples.InspectCommand,
        dev.ricci.examples.CostCommand,
        dev.ricci.examples.study.StudyCommand,
        dev.ricci.examples.ConvertCommand,
        dev.ricci.examples.QuantizeCommand,
        dev.ricci.examples.ServeCommand,
        dev.ricci.examples.EmbedCommand,
        dev.ricci.examples.InfoCommand,
        dev.ricci.examples.DoctorCommand,
        dev.ricci.examples.MicrogradCommand,
        dev.ricci.examples.tutorial.TutorialCommand;
}
