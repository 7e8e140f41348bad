package dev.ricci.examples.study;

import dev.ricci.tensor.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A report that is written twice: as Markdown beside its pictures, and as one HTML page that has them in it. */
final class Document {
    private static final String STYLE = "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em;line-height:1.4}"
        + "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #ccc;padding:.2em .6em;text-align:right}"
        + "td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}";

    /** A picture. */
    private record Figure(String file, String svg) {
    }

    private final String title;
    private final StringBuilder markdown = new StringBuilder();
    private final StringBuilder html = new StringBuilder();
    private final List<Figure> figures = new ArrayList<>();

    /** An empty one; a part of another has no title. */
    Document(String title) {
        this.title = title;
        if (title.isEmpty()) {
            return;
        }
        markdown.append("# ").append(title).append("\n\n");
        html.append("<h1>").append(escaped(title)).append("</h1>\n");
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    void heading(String text) {
        markdown.append("## ").append(text).append("\n\n");
        html.append("<h2>").append(escaped(text)).append("</h2>\n");
    }

    void paragraph(String text) {
        markdown.append(text).append("\n\n");
        html.append("<p>").append(escaped(text)).append("</p>\n");
    }

    /** A table whose first row is its head. */
    void table(List<List<String>> rows) {
        for (int i = 0; i < rows.size(); i++) {
            markdown.append("| ").append(String.join(" | ", rows.get(i))).append(" |\n");
            if (i == 0) {
                markdown.append("|---".repeat(rows.getFirst().size())).append("|\n");
            }
            html.append(i == 0 ? "<table>\n<tr>" : "<tr>");
            String cell = i == 0 ? "th" : "td";
            rows.get(i).forEach(text -> html.append('<').append(cell).append('>').append(escaped(text)).append("</").append(cell)
                .append('>'));
            html.append("</tr>\n");
        }
        markdown.append('\n');
        html.append("</table>\n");
    }

    /**
     * A picture.
     *
     * @param name of its file, without the ending
     */
    void figure(String name, String caption, String svg) {
        figures.add(new Figure(name + ".svg", svg));
        markdown.append("![").append(caption).append("](").append(name).append(".svg)\n\n");
        html.append("<figure>").append(svg).append("<figcaption>").append(escaped(caption)).append("</figcaption></figure>\n");
    }

    /** Takes over all of a part. */
    void append(Document part) {
        markdown.append(part.markdown);
        html.append(part.html);
        figures.addAll(part.figures);
    }

    /** Writes {@code report.md}, {@code report.html} and the pictures. */
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (Figure figure : figures) {
            AtomicFiles.writeString(folder.resolve(figure.file), figure.svg);
        }
        AtomicFiles.writeString(folder.resolve("report.md"), markdown.toString());
        AtomicFiles.writeString(folder.resolve("report.html"), "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            + "<title>" + escaped(title) + "</title><style>" + STYLE + "</style></head><body>\n" + html + "</body></html>\n");
    }
}
