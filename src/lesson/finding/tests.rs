use super::*;

fn wanted(pattern: &str, question: &str) -> Wanted {
    let mut wanted = Wanted::new(pattern).expect("a pattern");
    wanted.is_asked(question, false);
    wanted
}

/// A pattern, the question, what is right, and what is wrong.
type Judged = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

fn judged(table: &[Judged]) {
    let mut wrong = Vec::new();
    for (pattern, question, right, others) in table {
        let wanted = wanted(pattern, question);
        for (finding, want) in right.iter().map(|one| (one, true)).chain(others.iter().map(|one| (one, false))) {
            let read = Finding::new(finding);
            if wanted.is_in(&read) != want {
                wrong.push(format!("{pattern:?} in {finding:?} should be {want}: {read:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Denials, wherever they stand.
const DENIED: &[Judged] = &[(
    "sender",
    "Who?",
    &[
        "the sender",
        "the sender, not the recipient",
        "the sender not the recipient",
        "not the recipient but the sender",
        "not the recipient, the sender",
        "It isn't the recipient, it is the sender.",
        "not the recipient it is the sender",
        "neither the recipient nor the domain; the sender",
        "the sender instead of the recipient",
        "instead of the recipient it is the sender",
        "the sender rather than the recipient",
        "the sender (not the recipient)",
        "the recipient has nothing to do with it, it is the sender",
        "the sender, but not the recipient",
        "not only the sender",
        "no doubt the sender",
        "nothing but the sender",
        "the sender is not accepted",
        "the sender is refused because the recipient is not",
        "the recipient doesn't matter - the sender does",
        "the recipient is fine, the sender is blocked",
        "the text says recipient, but the sender is meant",
        "the recipient? no, the sender",
        "the sender, though the recipient exists",
        "the server does not like the recipient? no: the sender",
    ],
    &[
        "not the sender",
        "the recipient, not the sender",
        "the recipient not the sender",
        "it is not the sender",
        "it isn't the sender",
        "It isn’t the sender",
        "isnt the sender",
        "it cannot be the sender",
        "never the sender",
        "no sender",
        "the recipient instead of the sender",
        "the recipient rather than the sender",
        "the recipient (not the sender)",
        "the sender has nothing to do with it",
        "it has nothing to do with the sender",
        "nothing to do with the sender",
        "the sender is not the cause",
        "the sender is not to blame",
        "the sender is certainly not the problem",
        "the sender isn't it",
        "the sender does not matter",
        "the sender is fine",
        "the sender is perfectly ok",
        "the sender? no",
        "I do not think it is the sender",
        "the recipient, neither the domain nor the sender",
        "nothing wrong with the sender",
        "the sender isn't refused",
        "unlike the sender",
        "recipient",
        "",
    ],
)];

#[test]
fn what_is_denied_does_not_count_wherever_the_denial_stands() {
    judged(DENIED);
}

/// "Not A, B" means B; "not A, B or C" means none of them.
const LISTS: &[Judged] = &[
    (
        "sender",
        "Who?",
        &[
            "it is not the recipient, it is the sender",
            "it's not the recipient, it's the sender",
            "its not the recipient its the sender",
            "it is not the recipient. It is the sender",
            "it is not the recipient - it is the sender",
            "it is not the recipient; the sender or the domain",
            "not the recipient, it is the sender or the domain",
            "not the recipient but the sender or the domain",
            "not the recipient or the domain but the sender",
            "it isn't the recipient or the domain, it is the sender",
            "not the recipient, domain or host, it is the sender",
            "neither the recipient, the domain nor the host, but the sender",
            "the problem is not the recipient, the problem is the sender",
            "not the recipient, rather the sender",
            "it is not that the recipient is unknown, it is that the sender is refused",
            "it was not the recipient that was refused, it was the sender",
            "it is not the recipient, that is the sender",
            "not the recipient, not the domain, the sender",
            "the recipient is not refused, the sender or its domain is",
            "the recipient is not the cause, sender or domain",
        ],
        &[
            "it is not the sender, it is the recipient",
            "it's not the sender, it's the recipient",
            "not the sender, it is the recipient or the domain",
            "not the recipient, the sender or the domain",
            "not the sender, the recipient or the domain",
            "not the recipient, the domain, or the sender",
            "neither the recipient, the sender nor the domain",
            "it is not the recipient, the domain or the sender",
            "it isn't the recipient, domain, sender or host, it is the port",
            "it has nothing to do with the recipient, the sender or the domain",
        ],
    ),
    (
        "^4$",
        "How many?",
        &["not 3, 4", "not 3, it is 4", "it is not 3, it is 4", "not 3 but 4"],
        &["not 3, 4 or 5", "not 4, 3", "not 2, 3, 4", "it is not 4, it is 3"],
    ),
];

#[test]
fn what_follows_a_denial_is_meant_unless_it_goes_on_as_a_list() {
    judged(LISTS);
}

#[test]
fn a_pattern_may_speak_of_the_denial_itself() {
    judged(&[
        (
            "closed|not (an )?open",
            "open or closed?",
            &[
                "closed",
                "Closed.",
                "not open",
                "it isn't open",
                "it is not an open relay",
                "not an open one",
                "closed, not open",
            ],
            &["open", "not closed", "it is not closed", "never closed", "open, not closed"],
        ),
        ("no sender|without (a )?sender", "", &["no sender", "mail without sender", "it has no sender"], &["a sender"]),
        (
            "^(0|none|nothing|no)$",
            "How many reports?",
            &["none", "no reports", "zero", "0 reports", "nothing"],
            &["not none"],
        ),
        ("^nothing$", "", &["nothing"], &["nothing else than an hour", "nothing but an hour"]),
    ]);
}

/// Forms of anchored answers.
const ANCHORED: &[Judged] = &[
    (
        r"^\s*return-path:?\s*$",
        "the name of the header in which the envelope sender ended up",
        &[
            "Return-Path",
            "return-path:",
            "Return-Path header",
            "the Return-Path header",
            "return path",
            "\"Return-Path\"",
            "<Return-Path>",
            "'Return-Path'",
            "\u{201c}Return-Path\u{201d}",
            "`Return-Path`",
            "the header Return-Path",
            "It is Return-Path.",
            "Return-Path, not From",
            "the Return-Path header field",
            "I think it's Return-Path",
            "In the Return-Path header line",
        ],
        &["From", "From, not Return-Path", "not Return-Path", "no Return-Path", "Received", "path", "return"],
    ),
    (
        r"^\s*(4|four)\s*$",
        "how many dots are on the wire for a text line of three dots?",
        &[
            "4",
            "four",
            "4 dots",
            "four dots",
            "4.",
            "Four!",
            "it's 4",
            "4, not 6",
            "there are 4 dots on the wire",
            "4, of course",
        ],
        &["6", "14", "4.2", "not 4", "6, not 4", "3, 4", "2, 3, 4, 5", "3 or 4", "4 octets", "-4"],
    ),
    (
        r"^(3|three)$",
        "which line of the group was refused?",
        &[
            "3",
            "line 3",
            "number 3",
            "the third one",
            "third",
            "3rd",
            "the 3rd line",
            "line number 3",
            "#3",
            "no. 3",
            "Line 3 was refused",
        ],
        &["2", "line 2", "not line 3", "3 was not refused", "the second", "1, 2, 3", "13"],
    ),
    (
        r"^5\.1\.1$",
        "which code?",
        &["5.1.1", "550 5.1.1", "the 5.1.1", "5.1.1.", "Status: 5.1.1", "code 5.1.1", "status code 5.1.1"],
        &["5.1.9", "450 5.1.1", "5.1.11", "5.1", "not 5.1.1", "5.1.1, 5.7.1", "5.7.1"],
    ),
    (
        r"^(cr|\\r|carriage return)$",
        "Which octet?",
        &["CR", "the CR", "carriage-return", "a carriage return", "\\r", "CR, not LF", "the carriage return octet"],
        &["LF", "LF, not CR", "CR and LF", "crlf", "not CR"],
    ),
];

#[test]
fn natural_forms_of_an_anchored_answer_fit() {
    judged(ANCHORED);
}

#[test]
fn an_example_alone_has_its_natural_forms() {
    judged(&[
        (
            "Return-Path",
            "",
            &["return path", "the Return-Path header", "it stands in Return-Path:"],
            &["not Return-Path", "From"],
        ),
        ("354", "", &["it was 354", "354.", "a 354 reply"], &["3541", "354.2", "not 354"]),
        ("4", "", &["4", "four", "4 dots", "the fourth"], &["14", "4.2.2", "40", "forty", "not 4"]),
        ("four", "", &["4", "four dots"], &["14"]),
        ("5321", "", &["RFC 5321", "RFC5321", "5321"], &["5322", "53210"]),
        ("bounce", "", &["bounces", "a bounce"], &["no bounce", "no bounces", "without bounces"]),
        ("null sender", "", &["the null sender", "null-sender", "a Null Sender <>"], &["not the null sender"]),
    ]);
}

#[test]
fn what_is_only_conceded_makes_no_mistake() {
    let mut unknown = wanted("unknown", "");
    unknown.is_asked("", true);
    for (finding, want) in [
        ("user unknown", true),
        ("the text says user unknown, but it is the sender", false),
        ("though it says user unknown, the sender is refused", false),
        ("the sender, although the text says unknown", false),
        ("the sender is unknown", true),
        ("the sender, but also unknown", true),
        ("unknown, but not the domain", true),
    ] {
        assert_eq!(unknown.is_in(&Finding::new(finding)), want, "{finding}");
    }
}

#[test]
fn any_text_can_be_read() {
    let wanted = wanted("q", "");
    for text in [
        "",
        "  ",
        "-",
        "--- -",
        "…",
        "not",
        "no no no",
        "not but not",
        "but",
        "<",
        ">",
        "<>",
        "<<>>",
        "'",
        "’s",
        "n't",
        "\u{0}",
        "not\u{301} ä",
        "é,é",
    ] {
        assert!(!wanted.is_in(&Finding::new(text)), "{text:?}");
    }
    assert!(!wanted.is_in(&Finding::new(&"not the ".repeat(10_000))));
    assert!(!wanted.is_in(&Finding::new(&"ä".repeat(10_000))));
}
