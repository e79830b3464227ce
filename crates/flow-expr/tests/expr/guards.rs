//! Which uses of a name an expression is made for to be undefined.

use flow_expr::Expression;

/// The names, with `?` behind those that may be undefined, and the members that are read of them.
fn uses(source: &str) -> String {
    let expression = Expression::parse(source).expect(source);
    let mark = |guarded: bool| if guarded { "?" } else { "" };
    let names = expression.free_names().iter().map(|free| {
        let member = free.member.as_ref();
        let member = member.map(|member| format!(".{member}{}", mark(free.is_member_guarded)));
        format!("{}{}{}", free.name, mark(free.is_guarded), member.unwrap_or_default())
    });
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn an_expression_tells_what_it_expects_to_be_undefined() {
    for (source, expected) in [
        ("a", "a"),
        ("a.b.c", "a.b"),
        ("a['b']", "a.b"),
        ("a[b]", "a b"),
        ("a.trim()", "a"),
        ("a.b.trim()", "a.b"),
        ("a ?? b", "a? b"),
        ("a ?? b ?? c", "a? b? c"),
        ("a.b ?? c", "a.b? c"),
        ("(a) ?? 1", "a?"),
        ("a?.b.c", "a?.b"),
        ("a.b?.c", "a.b?"),
        ("a?.b + a.c", "a?.b a.c"),
        ("a && a.b", "a? a?.b"),
        ("a.b && a.b.c", "a.b? a.b?"),
        ("b && a", "b? a"),
        ("a ? a.b : c", "a? a?.b c"),
        ("a == null ? 1 : a.b", "a? a?.b"),
        ("typeof a === 'string' && a", "a? a?"),
        ("!a || a.b", "a? a?.b"),
        ("-a", "a"),
        ("a < 5", "a"),
        // Scripts.
        ("a.map(x => x + b)", "a b"),
        ("a?.map(x => b ?? x)", "a? b?"),
        ("a.b.map(x => c.d?.e)", "a.b c.d?"),
        ("a ? a.map(x => x) : []", "a? a?"),
        ("(a.b ?? []).filter(x => !c || c.d)", "a.b? c? c?.d"),
    ] {
        assert_eq!(uses(source), expected, "{source}");
    }
}
