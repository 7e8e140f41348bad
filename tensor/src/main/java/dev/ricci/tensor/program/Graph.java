package dev.ricci.tensor.program;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A program as a value: what runs in which order on which memory.
 *
 * @param name for reports
 * @param inputs whole buffers of the kind {@link Buffer.Kind#INPUT}, in the order in which they are given
 * @param instructions in order
 * @param results whole buffers of the kind {@link Buffer.Kind#RESULT}, in the order in which they are handed out
 */
public record Graph(String name, List<Value> inputs, List<Instruction> instructions, List<Value> results) {
    /** Copies the lists. */
    public Graph {
        inputs = List.copyOf(inputs);
        instructions = List.copyOf(instructions);
        results = List.copyOf(results);
    }

    /** Without what neither a result nor a state depends on. */
    public Graph withoutDeadCode() {
        Set<Buffer> needed = new HashSet<>();
        results.forEach(r -> needed.add(r.buffer()));
        List<Instruction> kept = new ArrayList<>();
        for (Instruction i : instructions.reversed()) {
            // An update of scratch memory counts if somebody reads it afterwards.
            boolean lives = i.outputs().stream().map(Value::buffer)
                    .anyMatch(b -> needed.contains(b) || b.kind() == Buffer.Kind.HELD);
            if (lives) {
                i.inputs().forEach(v -> needed.add(v.buffer()));
                kept.add(i);
            }
        }
        return new Graph(name, inputs, kept.reversed(), results);
    }

    /** The buffers of a kind that its instructions touch, in the order in which they do. */
    public Set<Buffer> buffers(Buffer.Kind kind) {
        Set<Buffer> found = new LinkedHashSet<>();
        for (Instruction i : instructions) {
            i.inputs().stream().map(Value::buffer).filter(b -> b.kind() == kind).forEach(found::add);
            i.outputs().stream().map(Value::buffer).filter(b -> b.kind() == kind).forEach(found::add);
        }
        return Collections.unmodifiableSet(found);
    }

    /** A flow chart in Mermaid's language: a node for each op, an arrow for each value that goes from one to another. */
    public String mermaid() {
        StringBuilder out = new StringBuilder("flowchart TD\n");
        Map<Buffer, String> from = new HashMap<>();
        for (int k = 0; k < inputs.size(); k++) {
            from.put(inputs.get(k).buffer(), "in" + k);
            out.append("    in").append(k).append("[/\"input ").append(k).append("<br>").append(inputs.get(k).spec())
                    .append("\"/]\n");
        }
        for (int n = 0; n < instructions.size(); n++) {
            Instruction i = instructions.get(n);
            out.append("    op").append(n).append("[\"").append(i.op().name()).append("<br>")
                    .append(i.outputs().getFirst().spec()).append("\"]\n");
            Set<String> sources = new LinkedHashSet<>();
            i.inputs().stream().map(v -> from.get(v.buffer())).filter(Objects::nonNull).forEach(sources::add);
            for (String s : sources) {
                out.append("    ").append(s).append(" --> op").append(n).append('\n');
            }
            for (Value v : i.outputs()) {
                from.put(v.buffer(), "op" + n);
            }
        }
        for (int k = 0; k < results.size(); k++) {
            out.append("    out").append(k).append("[\\\"result ").append(k).append("\"\\]\n    ")
                    .append(from.get(results.get(k).buffer())).append(" --> out").append(k).append('\n');
        }
        return out.toString();
    }
}
