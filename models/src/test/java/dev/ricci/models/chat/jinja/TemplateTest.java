package dev.ricci.models.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The language of templates: what is written means what Python's Jinja2 makes of it. */
class TemplateTest {
    /** A template and what Jinja2 3.1.6 gives, with the settings that chat templates are rendered with. */
    private static final String[][] RENDERED = {
        {"a\n  {% if true %}\nb\n  {% endif %}\nc",
            "a\nb\nc"},
        {"a {%- if true -%}  b  {%- endif -%} c",
            "abc"},
        {"  {%+ if true %}x{% endif +%}\ny",
            "  x\ny"},
        {"{# note #}\nx{#- gone -#} y",
            "xy"},
        {"{% raw %}{{ x }}{% endraw %}!",
            "{{ x }}!"},
        {"{% for i in range(3) %}\n{{ i }},\n{% endfor %}",
            "0,\n1,\n2,\n"},
        {"{% for i in [1, 2, 3, 4] if i is even %}{{ loop.index }}:{{ i }}{{ \";\" if not loop.last }}"
                + "{% else %}none{% endfor %}",
            "1:2;2:4"},
        {"{% for i in [] %}x{% else %}none{% endfor %}",
            "none"},
        {"{% for k, v in {'a': 1, 'b': [2, 'x']}.items() %}{{ k }}={{ v }} {% endfor %}",
            "a=1 b=[2, 'x'] "},
        {"{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
            "231"},
        {"{% set ns = namespace(x=1) %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
            "4"},
        {"{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{%"
                + " endif %}{{ i }}{% endfor %}",
            "0134"},
        {"{% macro f(a, b='z') %}[{{ a }}{{ b }}]{% endmacro %}{{ f(1) }}{{ f(2, b='y') }}{{ f('q')|lower }}",
            "[1z][2y][qz]"},
        {"{% set a, b = 1, 'two' %}{{ b ~ a }}{{ none }}{{ missing }}{{ true }}{{ 1.5 }}{{ 1e20 }}{{ 0.00001 }}",
            "two1NoneTrue1.51e+201e-05"},
        {"{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 * 3 + 4 - 1 }} {{ 'ab' * 2 }} {{ [1"
                + "] + [2] }} {{ -2|abs }}",
            "3 -4 2 3.5 9 abab [1, 2] 2"},
        {"{{ 1 < 2 <= 2 != 3 }} {{ 'a' in 'cat' }} {{ 2 not in [1] }} {{ not true or false and true }}"
                + " {{ 1 == 1.0 }} {{ 'x' if false }}",
            "True True True False True "},
        {"{{ 'abc'[1] }}{{ 'abc'[-1] }}{{ 'abcdef'[1:4] }}{{ 'abc'[::-1] }}{{ [1,2,3][:-1] }}{{ [1,2,3"
                + "][5:] }}{{ [1,2][9] is undefined }}",
            "bcbcdcba[1, 2][]True"},
        {"{{ ' a b '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'a,b,c'.split(',') }}|{{ 'a,b,c'.split(','"
                + ", 1) }}|{{ 'a b  c'.split() }}|{{ 'a,b,c'.rsplit(',', 1) }}",
            "a b|a|['a', 'b', 'c']|['a', 'b,c']|['a', 'b', 'c']|['a,b', 'c']"},
        {"{{ 'Hello World'.upper() }}{{ 'Hello'.lower() }}{{ 'hello wORLD'.title() }}{{ 'hELLO'.capita"
                + "lize() }}{{ 'aXbX'.replace('X', '-') }}{{ 'aXbX'.replace('X', '-', 1) }}{{ 'abc'.find('c') }"
                + "}{{ 'aaa'.count('a') }}",
            "HELLO WORLDhelloHello WorldHelloa-b-a-bX23"},
        {"{{ 'abc'.startswith(('x', 'a')) }}{{ 'abc'.endswith('c') }}{{ '-'.join(['a', 'b']) }}{{ 'a\\n"
                + "b'.splitlines() }}{{ 'ab'.removeprefix('a') }}",
            "TrueTruea-b['a', 'b']b"},
        {"{{ [3, 1, 2]|sort }}{{ ['b', 'A']|sort }}{{ [1, 1, 2]|unique|list }}{{ [1, 2]|reverse|list }"
                + "}{{ 'ab'|reverse }}{{ [1, 2]|sum }}{{ [1, 5]|max }}{% for k, v in {'b': 1, 'a': 2}|dictsort "
                + "%}{{ k }}{{ v }}{% endfor %}",
            "[1, 2, 3]['A', 'b'][1, 2][2, 1]ba35a2b1"},
        {"{{ [{'r': 'u', 'c': 1}, {'r': 'a', 'c': 2}]|selectattr('r', 'equalto', 'u')|map(attribute='c"
                + "')|list }}{{ [0, 1, 2]|select('odd')|list }}{{ [{'a': none}, {'a': 1}]|rejectattr('a', 'none"
                + "')|list|length }}{{ ['a', 'b']|map('upper')|join }}",
            "[1][1]1AB"},
        {"{{ x|default('d') }}{{ ''|default('e', true) }}{{ ''|default('e') }}{{ 'x'|length }}{{ '12'|"
                + "int + 1 }}{{ 'z'|int(5) }}{{ '1.5'|float }}{{ 3|string + '!' }}",
            "de11351.53!"},
        {"{{ {'a': [1, 2.5, true, none, 'x\"\\n<&\u00e9'], 'b': {}}|tojson }} {{ [1, {'k': []}]|tojson"
                + "(indent=2) }} {{ {'b': 1, 'a': 2}|tojson(sort_keys=true, separators=(',', ':')) }}",
            "{\"a\": [1, 2.5, true, null, \"x\\\"\\n<&\u00e9\"], \"b\": {}} [\n  1,\n  {\n    \"k\": []\n "
                + " }\n] {\"a\":2,\"b\":1}"},
        {"{{ \"a\\n  b\"|indent(3) }}|{{ \"a\\nb\"|indent(2, true) }}|{{ 'it''s' }}|{{ \"\\u00e9\\x41\\t"
                + "|\" }}|{{ ['it\\'s', \"q\\\"\", 'a\\\\b', 'n\\n'] }}",
            "a\n     b|  a\n  b|its|\u00e9A\t||[\"it's\", 'q\"', 'a\\\\b', 'n\\n']"},
        {"{{ x is defined }}{{ none is none }}{{ 'a' is string }}{{ {} is mapping }}{{ [] is iterable "
                + "}}{{ 'a' is sequence }}{{ 1 is number }}{{ true is boolean }}{{ 4 is divisibleby 2 }}{{ 1 is"
                + " integer }}{{ 1.0 is float }}{{ 'A' is upper }}{{ 2 is in [1, 2] }}{{ not 1 is none }}",
            "FalseTrueTrueTrueTrueTrueTrueTrueTrueTrueTrueTrueTrueTrue"},
        {"{% for x in 'ab' %}{{ loop.revindex0 }}{{ loop.previtem is defined }}{{ loop.nextitem }}{{ l"
                + "oop.cycle('p', 'q') }}{{ loop.length }}{% endfor %}",
            "1Falsebp20Trueq2"},
        {"{% for x in 'ab' %}{{ loop.revindex }}{{ loop.previtem }}{% endfor %}",
            "21a"},
        {"{% set c %}<{{ 1 + 1 }}>{% endset %}{{ c }}{{ c|length }}",
            "<2>3"},
        {"{% if x is defined and x.y %}{% elif [] or {} or '' or 0 %}b{% else %}c{% endif %}",
            "c"},
        {"{{ {'a': {'b': 'c'}}.a.b }}{{ {'a': 1}.get('z', 'no') }}{{ {'a': 1}['z'] is defined }}{{ 'a'"
                + " in {'a': 1} }}{{ ({'a': 1}|items|list)[0][1] }}{{ dict(a=1).keys()|list }}",
            "cnoFalseTrue1['a']"},
        {"{{ strftime_now('%Y-%m-%d %H:%M:%S %B %A %y %j %p %I %%') }}",
            "2025-07-04 09:05:07 July Friday 25 185 AM 09 %"},
        {"{{ '\ud83d\ude00\u00e9'|length }}{{ '\ud83d\ude00\u00e9'[0] }}{{ '\ud83d\ude00\u00e9'[1:] }}"
                + "{{ '\u00df'|upper }}",
            "2\ud83d\ude00\u00e9SS"},
        {"{{ 'a' if true else 'b' if true else 'c' }}{{ (1, 2)[0] }}{{ [1, 2,] }}{{ (\"a\" \"b\") }}{{"
                + " messages[0]['content'] }}{{ messages[-1].role }}",
            "a1[1, 2]abhiassistant"},
        {"{%- for m in messages -%}\n{%- set role = 'model' if m.role == 'assistant' else m.role -%}\n{"
                + "{- '<' ~ role ~ '>' -}}\n{%- endfor -%}",
            "<user><model>"}
    };

    private static String render(String template) {
        return Template.parse(template).render(Map.of("bos_token", "<s>", "eos_token", "</s>", "add_generation_prompt", true),
                Map.of("messages", List.of(Map.of("role", "user", "content", "hi"),
                        Map.of("role", "assistant", "content", "yo"))),
                () -> ZonedDateTime.of(2025, 7, 4, 9, 5, 7, 0, ZoneOffset.UTC)).text();
    }

    @Test
    void givesWhatJinjaGives() {
        for (String[] row : RENDERED) {
            assertEquals(row[1], render(row[0]), row[0]);
        }
    }

    private static void refused(String template, String message) {
        FormatException e = assertThrows(FormatException.class, () -> Template.parse(template), template);
        assertTrue(e.getMessage().startsWith("chat template: line "), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    @Test
    void refusesByNameWhatIsNotSupported() {
        refused("a\n{% include 'x' %}", "line 2: the statement 'include' is not supported");
        refused("{% extends 'x' %}", "'extends'");
        refused("{% import 'os' as os %}", "'import'");
        refused("{% call f() %}{% endcall %}", "'call'");
        refused("{{ x | pprint }}", "the filter 'pprint' is not supported; supported are [abs, ");
        refused("{{ x is filter }}", "the test 'filter' is not supported");
        refused("{{ 2 ** 3 }}", "**");
        refused("{{ f(*x) }}", "unpacked");
        refused("{% for x in y recursive %}{% endfor %}", "recursive");
        refused("{% break %}", "outside a loop");
        refused("{% for x in y %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}", "outside a loop");
    }

    @Test
    void refusesWhatIsMalformed() {
        for (String template : List.of("{{", "{{ }}", "{% %}", "{%", "{{ a", "{{ 'a }}", "{# a", "{{ a b }}", "{{ (a }}",
                "{{ a) }}", "{% if %}{% endif %}", "{% if a %}", "{% endif %}", "{% for %}{% endfor %}", "{% for a in b %}",
                "{% set %}", "{% set a = %}", "{{ a. }}", "{{ a[ }}", "{{ a[1 }}", "{{ {1} }}", "{{ [1 2] }}", "{{ @ }}",
                "{% raw %}", "{{ not }}", "{{ a if }}", "{{ '\\u12' }}", "{{ 12345678901234567890 }}",
                "{{ " + "(".repeat(5000) + ")".repeat(5000) + " }}", "{% if a %}".repeat(5000),
                "{{ " + "-".repeat(5000) + "1 }}", "{{ " + "not ".repeat(5000) + "1 }}", "x".repeat(Template.MAX_LENGTH + 1))) {
            assertThrows(FormatException.class, () -> Template.parse(template), template.substring(0, Math.min(50,
                    template.length())));
        }
    }

    @Test
    void saysWhatCannotBeDone() {
        for (String[] row : new String[][] {
            {"{{ raise_exception('no ' ~ 'way') }}", "no way"},
            {"{{ missing.x }}", "'x' is asked of 'missing', which is undefined"},
            {"{{ missing + 'a' }}", "'missing', which is undefined"},
            {"{{ 'a' + 1 }}", "'+' does not take a text and the number 1"},
            {"{{ missing() }}", "cannot call 'missing'"},
            {"{{ 'a'.format(1) }}", "the method 'format' of a text is not supported"},
            {"{{ [].append(1) }}", "the method 'append' of a list is not supported"},
            {"{{ messages.__class__.__mro__ }}", "undefined"},
            {"{{ ''.__class__ is defined }}{{ messages[0].getClass() }}", "'getClass' of a dictionary is not supported"},
            {"{{ 1 / 0 }}", "by zero"},
            {"{{ 9223372036854775807 + 1 }}", "too long"},
            {"{{ 999999999999999999 * 999999999999999999 }}", "overflow"},
            {"{% for a, b in [1] %}{% endfor %}", "cannot go over"},
            {"{% set messages.x = 1 %}", "no namespace"},
            {"{{ 'a'|replace('', 'b') }}", "empty separator"},
            {"{{ 'abc'[::2] }}", "step 2"},
            {"{{ 1 < 'a' }}", "cannot compare"},
            {"{{ namespace|tojson }}", "does not take a function"},
            {"{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", "takes no more than [a]"}}) {
            TensorException e = assertThrows(TensorException.class, () -> render(row[0]), row[0]);
            assertTrue(e.getMessage().contains(row[1]), e.getMessage());
        }
    }

    @Test
    void stopsWhatTakesTooLong() {
        for (String template : List.of(
                "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}{% endfor %}{% endfor %}"
                        + "{% endfor %}",
                "{% set n = namespace(s='x') %}{% for i in range(100) %}{% set n.s = n.s + n.s %}{% endfor %}",
                "{{ 'x' * 999999999999 }}", "{{ range(20000000)|list|length }}", "{{ ('x' * 1000000)|replace('x', 'y' * 1000) }}",
                "{{ 'x'|indent(999999999) }}", "{{ [1]|tojson(indent=999999999) }}", "{{ ('x ' * 5000000).split() }}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% macro f() %}{% for i in range(99) %}{{ f() }}{% endfor %}{% endmacro %}{{ f() }}",
                "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}",
                "{% set n = namespace(l=[1]) %}{% for i in range(500) %}{% set n.l = [n.l] %}{% endfor %}{{ n.l }}",
                "{{ " + "1 + ".repeat(5000) + "1 }}")) {
            TensorException e = assertTimeoutPreemptively(Duration.ofSeconds(30),
                    () -> assertThrows(TensorException.class, () -> render(template), template));
            assertTrue(e.getMessage().contains("steps and characters") || e.getMessage().contains("nest deeper"),
                    e.getMessage());
        }
    }
}
