//! What is a secret by the words of its name, or by the look of its value: a variable of the environment, an attribute.

/// Words of a name that say so wherever they stand in it.
const WORDS: [&str; 31] = [
    "PASS",
    "PASSWD",
    "PASSWORD",
    "PASSWORDS",
    "PASSPHRASE",
    "PASSCODE",
    "PASSKEY",
    "PW",
    "PWD",
    "PSW",
    "PSK",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "TOKENS",
    "KEY",
    "KEYS",
    "PEM",
    "CRED",
    "CREDS",
    "CREDENTIAL",
    "CREDENTIALS",
    "DSN",
    "COOKIE",
    "COOKIES",
    "BEARER",
    "JWT",
    "OTP",
    "TOTP",
    "PIN",
    "PAT",
];

/// What the name of such a variable ends with where its words are not divided: `SMTPPASSWORD`.
const ENDINGS: [&str; 17] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASSCODE",
    "PASS",
    "PWD",
    "SECRET",
    "TOKEN",
    "CREDENTIALS",
    "APIKEY",
    "ACCESSKEY",
    "AUTHKEY",
    "DKIMKEY",
    "PRIVATEKEY",
    "SECRETKEY",
    "SIGNINGKEY",
    "SSHKEY",
];

/// Words that end so and say something else.
const OTHERS: [&str; 8] = ["OLDPWD", "COMPASS", "ENCOMPASS", "BYPASS", "TRESPASS", "OVERPASS", "UNDERPASS", "SURPASS"];

/// What stands before the colon of an address that is no user of anything.
const SCHEMES: [&str; 6] = ["mailto", "sip", "sips", "xmpp", "acct", "im"];

/// Whether what has this name is a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    // The folder in which one is.
    if name == "PWD" {
        return false;
    }
    let words: Vec<&str> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
        .collect();
    let says = |word: &str| {
        WORDS.contains(&word) || (ENDINGS.iter().any(|ending| word.ends_with(ending)) && !OTHERS.contains(&word))
    };
    // AUTH_HOST and AUTH_USER say where and who; SMTP_AUTH says how one gets in.
    words.iter().any(|word| says(word)) || words.last() == Some(&"AUTH")
}

/// Whether this variable with this value holds a secret: it is masked wherever it is sent.
#[must_use]
pub fn holds_secret(variable: &str, value: &str) -> bool {
    is_secret(variable) || value.split_whitespace().any(has_credentials)
}

/// Whether a text is a URL with a password in it, or what such a one has before its path: `user:pass@host`.
fn has_credentials(text: &str) -> bool {
    let (scheme, rest) = text.split_once("://").map_or((false, text), |(_, rest)| (true, rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, password)) = authority.rsplit_once('@').and_then(|(who, _)| who.split_once(':')) else {
        return false;
    };
    !password.is_empty() && (scheme || !SCHEMES.contains(&user.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_told_by_whole_words_of_its_name() {
        for name in [
            "API_TOKEN",
            "smtp_password",
            "DB_PWD",
            "SMTPPASSWORD",
            "SMTPPWD",
            "SMTP_PW",
            "SMTPPASS",
            "DKIM_KEY",
            "apiKey",
            "SENTRY_DSN",
            "COOKIE",
            "SESSION_COOKIE",
            "AWS_SECRET_ACCESS_KEY",
            "TOKEN2",
            "A_KEY",
            "my-secret",
            "SMTP_AUTH",
            "GOOGLE_CREDENTIALS",
            "PASSWORD_2",
            "clientSecret",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "AUTHOR",
            "AUTH_HOST",
            "KEYBOARD",
            "COMPASS",
            "PWD",
            "OLDPWD",
            "HOSTNAME",
            "MONKEY",
            "TURKEY",
            "BYPASS",
            "XDG_CONFIG_HOME",
            "PASSENGER",
            "TOKENIZER",
            "PINE",
            "",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_secret_is_told_by_credentials_in_its_value() {
        for value in [
            "postgres://u:p4ss@db/x",
            "see smtp://dude:x@mx.example:25 there",
            "u:p@host",
            "redis://:pw@h",
            "u:p@tcp(h:1)/d",
        ] {
            assert!(holds_secret("DATABASE_URL", value), "{value}");
        }
        for value in [
            "https://mx.example/",
            "ssh://git@h/x",
            "dude@noddy.com",
            "http://h:80/a@b",
            "mailto:a@b.example",
            "a:b",
            "",
        ] {
            assert!(!holds_secret("DATABASE_URL", value), "{value}");
        }
    }
}
