//! For each step of a shipped lesson that wants an answer: wordings that are right, and such as are not.

/// A lesson, its step from 1, right wordings and others.
pub(super) type Row = (&'static str, usize, &'static [&'static str], &'static [&'static str]);

// A list of words a line is read more easily than a word a line.
#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    (
        "04-envelope",
        4,
        &[
            "Return-Path", "return-path:", "Return-Path header", "the Return-Path header", "return path", "\"Return-Path\"",
            "<Return-Path>", "Return-Path, not From", "It's the Return-Path header.", "the header field Return-Path",
        ],
        &[
            "From", "not Return-Path", "From, not Return-Path", "From, Return-Path", "From or Return-Path", "Received", "Reply-To",
            "path", "Return-Receipt-To", "no Return-Path", "the sender",
        ],
    ),
    (
        "05-dots",
        4,
        &["4", "four", "4 dots", "four dots", "4.", "Four!", "it's 4", "4, not 6", "there are 4 dots on the wire", "not 3 but 4"],
        &["6", "3", "three", "14", "not 4", "6, not 4", "3 or 4", "2, 3, 4", "4 octets", "4.2", "four or six"],
    ),
    (
        "08-relay",
        5,
        &[
            "closed", "Closed.", "not open", "it isn't open", "closed, not open", "it is not an open relay", "the relay is closed",
            "\"closed\"", "closed, but its own domain was taken", "closed; only its own domain is served", "it's closed, of course",
        ],
        &[
            "open", "it is not closed", "isn't closed", "open, not closed", "open or closed", "closed or open", "never closed", "an open relay",
            "both", "closed? no", "wide open", "not closed",
        ],
    ),
    (
        "10-enhanced",
        5,
        &["5.1.1", "550 5.1.1", "the 5.1.1", "5.1.1.", "code 5.1.1", "5.1.1, not 5.2.2", "not 5.2.2 but 5.1.1", "\"5.1.1\"", "it is 5.1.1", "5.1.2", "only 5.1.1"],
        &[
            "5.2.2", "5.7.1", "4.2.2", "5.1.9", "5.1.7", "not 5.1.1", "5.1.x", "450 5.1.1", "5.1.1 or 5.2.2", "5.1.1, 5.2.2", "5.2.2, not 5.1.1", "550",
            "5.1.11",
        ],
    ),
    (
        "12-partial",
        4,
        &[
            "nobody@target.local", "nobody", "<nobody@target.local>", "nobody@target.local, not full", "nobody, not full@target.local",
            "not full but nobody", "about nobody@target.local", "nobody@target.local, of course", "only nobody@target.local",
            "nobody@target.local does not exist", "full can wait: nobody@target.local", "the address nobody@target.local",
        ],
        &[
            "full@target.local", "full", "anotherdude", "not nobody", "nobody and full", "full, not nobody", "nobody@target.local, full@target.local",
            "full or nobody", "nobody needs to be told", "the one that does not exist", "nobody, anotherdude", "nobody at all",
        ],
    ),
    (
        "14-pipelining",
        3,
        &["3", "line 3", "number 3", "the third one", "third", "3rd", "the third line", "three", "#3", "3.", "line 3 was refused"],
        &["5", "1", "not 3", "not line 3", "first", "2, 3", "2 or 3", "13", "3 was not refused", "550", "all"],
    ),
    (
        "16-starttls",
        4,
        &[
            "wrong name", "the name is wrong", "the hostname does not match", "name mismatch", "it is for another host", "wrong host",
            "not made out for this server", "it is not for mx.target.local", "the SAN does not fit", "it is made out to other.example",
            "the dates are fine, the name is wrong", "not expired, but the name is wrong", "not the right name", "the name, not the date",
        ],
        &[
            "it is self-signed", "expired", "the hostname is fine but it is expired", "nothing wrong with the name", "not the name", "the name is fine",
            "the issuer is unknown", "the name of the issuer", "the date, not the name", "it's expired; the name is correct", "the hostname matches", "untrusted",
        ],
    ),
    (
        "18-provider",
        5,
        &[
            "sender", "the sender", "Sender.", "the sender, not the receiver", "not the receiver but the sender", "the sending side, so the sender",
            "the sender's domain", "the sender has to act", "the receiver? no, the sender", "sender; the receiver has only read the record",
        ],
        &[
            "receiver", "the receiver, not the sender", "not the sender", "receiver rather than sender", "sender or receiver", "both", "the sender is fine",
            "the sender has nothing to do with it", "nobody", "sender and receiver", "the recipient",
        ],
    ),
    (
        "19-harvest",
        4,
        &[
            "bounces", "a bounce", "Bounce.", "bounce messages", "DSN", "DSNs", "a delivery report", "non-delivery reports", "backscatter", "NDR",
            "not a receipt but a bounce",
        ],
        &["nothing", "no bounce", "no bounces", "not bounces", "none", "550", "never a bounce", "a receipt, no report", "without a report", "a reply", "spam"],
    ),
    (
        "20-spoofing",
        4,
        &[
            "Authentication-Results", "Authentication Results", "authentication-results:", "the Authentication-Results header", "\"Authentication-Results\"",
            "AuthenticationResults", "Authentication-Results, not Received", "It is Authentication-Results.", "the field Authentication-Results",
            "not Received but Authentication-Results",
        ],
        &[
            "From", "Received", "Return-Path", "DKIM-Signature", "not Authentication-Results", "Received, not Authentication-Results", "Message-ID", "Authentication",
            "Received or Authentication-Results", "Received, Authentication-Results", "Subject",
        ],
    ),
    (
        "21-smuggling",
        5,
        &["CR", "the CR", "carriage return", "carriage-return", "a carriage return", "\\r", "CR, not LF", "\"CR\"", "cr.", "CR (carriage return)", "the octet CR"],
        &["LF", "the LF", "CRLF", "CR LF", "not CR", "LF, not CR", "CR or LF", "line feed", "\\n", "the dot", "both"],
    ),
    (
        "22-lmtp",
        4,
        &[
            "full@target.local", "full", "<full@target.local>", "full, not anotherdude", "not anotherdude but full", "only full@target.local",
            "full; anotherdude has it already", "full@target.local is put back", "the recipient full", "full@target.local, of course",
        ],
        &[
            "both", "anotherdude", "anotherdude@target.local", "not full, of course", "anotherdude, not full", "full and anotherdude",
            "anotherdude@target.local, full@target.local", "full or anotherdude", "nobody", "all of them",
        ],
    ),
    (
        "23-patience",
        5,
        &["10", "ten", "10 minutes", "ten minutes", "10 min", "at least 10", "10.", "10 minutes or more", "600 seconds", "not 5 but 10", "at least ten minutes"],
        &["5", "100", "10 seconds", "10 hours", "not 10", "5, not 10", "5 or 10", "1, 5, 10", "2", "two minutes", "10.5"],
    ),
    (
        "24-case-one",
        3,
        &[
            "the sender is blocked", "the sender, not the recipient", "the text says user unknown, but it is the sender that is refused",
            "it blocks dude@noddy.com, though anotherdude exists", "the sender dude@noddy.com is blocked", "dude@noddy.com", "MAIL FROM dude@noddy.com",
            "not the recipient but the sender", "it is not that the user is unknown, but the sender is blocked", "anotherdude is fine, dude is blocked",
            "the sender; the recipient has nothing to do with it", "user unknown is misleading: it is the sender", "it refuses mail from dude to anotherdude",
            "the sender isn't allowed to write to anotherdude",
        ],
        &[
            "user unknown", "no sender", "the recipient", "not the sender", "the recipient, not the sender", "the sender or the recipient", "anotherdude is blocked",
            "anotherdude", "the sender has nothing to do with it", "the sender is not blocked", "mary is blocked", "our domain as a sender", "works for me",
        ],
    ),
    (
        "25-case-two",
        4,
        &[
            "size limit, and too many recipients", "size and recipients", "552 and 452", "too big and too many recipients", "too large; more than three recipients",
            "it is too big, and there are too many", "the size, the number of recipients", "too many recipients and too many octets", "size, but also the recipients",
            "not only the size, but the recipients too",
        ],
        &[
            "the size", "too many recipients", "not the size but too many recipients", "the size, not the recipients", "too many octets", "the number of octets", "552", "452",
            "neither the size nor the recipients", "the sender", "the size has nothing to do with it, too many recipients",
        ],
    ),
    (
        "26-case-herring",
        4,
        &[
            "it greets as localhost", "the name in EHLO, not the certificate", "it says localhost instead of its own name; TLS has nothing to do with it", "EHLO localhost",
            "the greeting", "the EHLO name", "not the certificate but the greeting", "localhost is not a proper name", "the certificate is a red herring, it is the EHLO",
            "the HELO name is wrong", "the greeting, though the certificate is bad too",
        ],
        &[
            "the certificate", "TLS", "not the greeting", "the certificate, not the greeting", "the greeting is fine, the certificate is expired", "works for me",
            "EHLO has nothing to do with it", "the certificate or the greeting", "the certificate and EHLO", "the EHLO is not the cause", "the recipient",
        ],
    ),
    (
        "27-bounce",
        2,
        &["5.1.1", "550 5.1.1", "Status: 5.1.1", "5.1.1 (bad mailbox)", "the status 5.1.1", "5.1.1.", "status is 5.1.1", "\"5.1.1\"", "5.1.1, not 550", "5.1.1 user unknown"],
        &["550", "5", "not 5.1.1", "5.1.2", "5.1.10", "4.1.1", "failed", "550, not 5.1.1", "5.1.1 or 5.7.1", "5.7.1, 5.1.1"],
    ),
    (
        "27-bounce",
        4,
        &["0", "none", "zero", "no reports", "nothing", "none at all", "0 reports", "no report", "not one", "no report came", "none.", "there are none", "none have come", "No reports have come."],
        &["1", "one", "two", "one report", "not none", "no, one", "1 report about it", "nothing but one", "not 0", "10", "reports"],
    ),
    (
        "28-names",
        4,
        &[
            "RCPT", "rcpt", "RCPT TO", "at RCPT", "RCPT, not EHLO", "not at EHLO but at RCPT", "the RCPT command", "localhost was refused at RCPT", "after MAIL, at RCPT",
            "EHLO was taken, RCPT was refused", "RCPT.",
        ],
        &["EHLO", "MAIL", "not at RCPT", "EHLO, not RCPT", "EHLO or RCPT", "HELO", "before RCPT", "never at RCPT", "MAIL rather than RCPT", "MAIL, RCPT", "DATA"],
    ),
    (
        "30-two-at-a-time",
        4,
        &[
            "nothing", "zero", "0", "0s", "0 seconds", "immediately", "it did not have to wait", "at once", "not at all", "no time", "none", "no wait", "without waiting",
            "it didn't wait", "not half an hour: nothing",
        ],
        &[
            "half an hour", "nothing else than an hour", "an hour", "30 minutes", "not immediately", "later", "10 seconds", "no, half an hour", "not at once", "a second",
            "at once after half an hour",
        ],
    ),
    (
        "31-disagree",
        1,
        &[
            "give up", "gives up", "it gives up", "Give up.", "give up, not try again", "never try again", "do not try again", "bounce it", "stop", "don't retry", "stop retrying",
            "never", "return it to the author",
        ],
        &["try again", "never give up", "not give up", "don't give up", "retry", "try again later", "try again, not give up", "again", "give up or try again", "no bounce", "later"],
    ),
    (
        "31-disagree",
        2,
        &[
            "try again", "retry", "again", "tries again", "later", "don't give up", "never give up", "try again, not give up", "keep it in the queue", "it retries", "do not bounce it",
            "not give up but try again",
        ],
        &["give up", "not again", "never again", "don't retry", "bounce", "give up, not retry", "try again or give up", "no retry", "never", "stop", "do not try again"],
    ),
    (
        "31-disagree",
        3,
        &["yes", "Yes.", "accepted", "it was accepted", "yes, it was", "taken", "ok", "it was", "not refused", "yes, accepted", "yes, but with a wrong code", "the recipient was accepted"],
        &["no", "it was not accepted", "not accepted", "refused", "no, refused", "never accepted", "it wasn't", "not taken", "rejected", "no, it was refused", "nope"],
    ),
    (
        "32-case-bounces",
        3,
        &[
            "the null sender is refused", "null sender", "the empty sender", "<>", "MAIL FROM:<>", "bounces", "mail without a sender", "no sender",
            "the null sender, not the recipient", "not the recipient but the empty reverse-path", "an empty reverse-path", "the sender is missing", "bounces to anotherdude",
        ],
        &[
            "the recipient", "user unknown", "not the null sender", "not bounces", "the recipient, not the null sender", "an empty recipient", "anotherdude",
            "bounces have nothing to do with it", "the null sender or the recipient", "everything", "dude@noddy.com",
        ],
    ),
];
