//! Words that may be what somebody or some host is called, and are words of every text or of the protocol as well: they
//! are replaced where they stand as a name, and nowhere else.

use std::collections::HashSet;
use std::sync::LazyLock;

const WORDS: &str = "\
a about above abuse accept accepted rset access account accounts action active actual add address addresses admin after again \
agent all allow allowed also alternative always an and another answer any apache app apr april are arial as ask at atom \
attachment attempt aug august auth authenticated authentication auto available away back backup bad banner base bcc bdat \
be because been before begin below best between binary bit block blocked body both bounce bounces box boundary bug busy \
but by bye call came can cannot cant case catch cc center central certificate change channel char charset check chunk \
chunking city class clean clear client close closed cloud code com come command comments commit common company config \
configuration confirm connect connected connection contact content control copy core corp could count country crypt current custom \
customer customers cut daemon data database date day days dear dec december default delay deliver delivered delivery \
demo denied department desk dev device did digest direct directory disk dkim dmarc dns do does domain domains done door \
down draft drop dsn due during each early ehlo eight else email end enhancedstatuscodes enough entry envelope error \
errors esmtp esmtps esmtpa esmtpsa etrn even event every example examples exchange exim expand expected expires expn \
external fail failed false far feb february feed feedback field file files filter final find fine first five flag flow \
folder for force form format forward four fri friday friend from front full further gate gateway get give given gmail go \
good got grace grand great greet greeting group guest had hand has have he head header hello help helo her here hi him \
his hold home hope host hosting hostname hosts hour hours house how however html http https id if image imap in inbound \
inbox incoming indeed index info information input inside instead internal internet into invalid invoice ip is issue it \
its jan january job join jul july jun june junk just keep key king know label lan land large last late later lhlo left \
length less let level like limit line lines link list lists live lmtp load local localhost location log login logout \
long look lost love low ltd mail mailbox mailboxes mailer mailfrom mails main make man manager many mar march mark master \
may maximum me media medium member memory message messages method microsoft middle mime mind mobile mode moment mon \
monday monitor month more most mr mrs ms much must mx my name names need net network never new news newsletter next nice \
night no nobody node none noop noreply normal not note notes nothing notification notify nov november now number object \
oct october of off offer office offline often ok old on once one only open option or order orders org organization other \
others our out outbound outgoing outlook over own owner page parameter part parts party pass password past path payment \
people per permission person phone pipelining place plain please point policy pool port post postfix postmaster power \
price print priority private problem process production project protection protocol proxy public pull push put queue \
queued quick quit quota quoted rate rcpt read reader ready real reason received recipient recipients record red \
reference references refused register reject rejected relay release remote reply report reports request require required \
reset resolver respond response rest result resume retry return review right role room root route router rule run safe \
said sales same sample sat saturday save say school scan second secure security see select self send sender sendmail sends \
sent sep september server servers service services session set seven several shall share she shop short should show side \
sign signature simple since single site six size small smtp smtps smtputf8 so soft software some someone somewhere soon \
sorry source spam spf spring staff standard star start starttls state status step still stop store stream street strong \
student subject submission submit such summer sun sunday supervisor support sure swaks switch syntax system table take \
target task team tech technical temporary temporarily ten test testing tests text than thank thanks that the their them \
then there these they thing think this those thread three through thu thursday ticket time times tls to today token too \
tool top topic total trace trade transaction transfer transport trial true trust try tue tuesday turn two type under \
undisclosed unit unknown until up update upper url us use user username users utf valid value vendor verify version very \
via view virtual voice vps vrfy wait want war was watch way we web webmaster webmail wed wednesday week welcome well were \
west what when where which while white who whole why wide will win window with within without wood word work worker works \
world would write wrong www xclient xforward year years yes you young your zone mailing mta msa mda sys ops subsystem \
helpdesk hostmaster noc primary secondary backup internal external reply-to message-id return-path \
mailer-daemon no-reply do-not-reply content-type user-agent x-mailer x-host x-originating-ip localdomain unavailable \
tempunavail mechanism pretty pleased meet enhanced closing channel sorted bytes octets greylisted recipientok spool end-of-data";

/// Programs of the trade, whose names say nothing of anybody and stand before a version.
const PROGRAMS: &str = "\
aiosmtpd amavis clamav communigate courier dovecot exim haraka hmailserver kerio mailenable mdaemon msmtp nginx opensmtpd \
openssl postfix powermta qmail rspamd sendmail spamassassin swaks zimbra";

/// Whether a word, in lower case, is the name of such a program.
pub(super) fn is_program(word: &str) -> bool {
    PROGRAMS.split(' ').any(|program| program == word)
}

static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| WORDS.split_whitespace().chain(PROGRAMS.split_whitespace()).collect());

/// Whether a word, in lower case, says nothing of anybody where it stands alone.
pub(super) fn is_common(word: &str) -> bool {
    // Where two characters are a word, they are a name too.
    COMMON.contains(word) || word.len() < 3 || word.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_of_the_protocol_is_a_common_word() {
        for word in "helo ehlo mail rcpt data bdat rset noop quit vrfy expn help starttls auth etrn from to".split(' ')
        {
            assert!(is_common(word), "{word}");
        }
        assert!(!is_common("schmidt") && !is_common("srv-mx01") && is_common("host") && is_common("example"));
    }
}
