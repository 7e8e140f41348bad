package dev.ricci.models.chat.jinja;

import dev.ricci.models.weights.Mutations;
import dev.ricci.tensor.TensorException;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Templates come from strangers: whatever stands in one, the worst is one of our errors. */
class TemplateProperties {
    private static final String TEMPLATE = """
            {%- set ns = namespace(n=0, s='') -%}
            {% macro m(a, b='x') %}<{{ a ~ b }}>{% endmacro %}
            {% for message in messages[::-1] if message.role != 'system' -%}
                {%- set ns.n = ns.n + loop.index0 * 2 -%}
                {% if 'x' in message.content and not loop.first %}{{ m(message['content'].split(',')[-1]|trim) }}
                {% elif message.content|length > 3 %}{{ message|tojson(indent=1) }}{% else %}{{- raise_exception('e') -}}{% endif %}
                {% for k, v in message.items() %}{{ k.upper()[1:2] }}{{ v[:3]|replace('a', 'b') }}{% break %}{% endfor %}
            {% endfor %}{# end #}
            {{ bos_token + ns.s * 3 }}{{ [1, 2.5, (3, 4)]|join(', ') if ns.n is divisibleby 2 else {'k': none} }}
            """;

    /** What a template is made of. */
    private static final List<String> PIECES = Pattern.compile("\\{[{%#]-?|-?[%}#]\\}|\\w+|\\s+|.").matcher(TEMPLATE).results()
            .map(MatchResult::group).toList();

    /** One to five pieces removed, doubled, exchanged, or changed by a character. */
    private static String changed(SplittableRandom random) {
        List<String> pieces = new ArrayList<>(PIECES);
        for (int n = 1 + random.nextInt(5); n > 0; n--) {
            int at = random.nextInt(pieces.size());
            String other = PIECES.get(random.nextInt(PIECES.size()));
            switch (random.nextInt(5)) {
                case 0 -> pieces.remove(at);
                case 1 -> pieces.add(at, pieces.get(at));
                case 2 -> pieces.set(at, other);
                case 3 -> pieces.add(at, other);
                default -> pieces.set(at, pieces.get(at) + (char) random.nextInt(1, 0x180));
            }
        }
        return String.join("", pieces);
    }

    @Property(tries = 3000)
    void nothingElseIsThrown(@ForAll(supplier = Mutations.Seeds.class) long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = Mutations.rounds(3000); i > 0; i--) {
            render(changed(random));
        }
    }

    private static void render(String template) {
        try {
            Template.parse(template).render(Map.of("bos_token", "<s>"), Map.of("messages", List.of(
                    Map.of("role", "user", "content", "a,bx"), Map.of("role", "system", "content", "s"),
                    Map.of("role", "user", "content", "yes"))), ZonedDateTime::now);
        } catch (TensorException e) {
            if (!e.getMessage().startsWith("chat template: ")) {
                throw e;
            }
        }
    }
}
